// Learning rates that change with the steps: keras.optimizers.schedules.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "chronicler/layers/options.h"

namespace chronicler {

// A learning rate for every step. Immutable once made.
class LearningRateSchedule {
 public:
  virtual ~LearningRateSchedule() = default;
  virtual std::string_view class_name() const = 0;    // "ExponentialDecay"
  virtual std::vector<Setting> settings() const = 0;  // Keras's config, in its order
  virtual double at(std::int64_t step) const = 0;     // steps count from 0
};
using SchedulePtr = std::shared_ptr<const LearningRateSchedule>;

namespace schedules {

// initial_learning_rate * decay_rate ^ (step / decay_steps), with `staircase` in whole powers.
struct ExponentialDecayOptions {
  double initial_learning_rate = 0.0;
  std::int64_t decay_steps = 0;
  double decay_rate = 0.0;
  bool staircase = false;
};
// values[i] up to and including step boundaries[i], then the next; one value more than boundaries.
struct PiecewiseConstantDecayOptions {
  std::vector<std::int64_t> boundaries = {};
  std::vector<double> values = {};
};
// (initial - end) * (1 - step / decay_steps) ^ power + end, and `end` after decay_steps; with
// `cycle` the way to the end is made longer instead, by whole times.
struct PolynomialDecayOptions {
  double initial_learning_rate = 0.0;
  std::int64_t decay_steps = 0;
  double end_learning_rate = 0.0001;
  double power = 1.0;
  bool cycle = false;
};
// initial / (1 + decay_rate * step / decay_steps), with `staircase` in whole multiples.
struct InverseTimeDecayOptions {
  double initial_learning_rate = 0.0;
  std::int64_t decay_steps = 0;
  double decay_rate = 0.0;
  bool staircase = false;
};
// Half a cosine from the rate down to alpha times it; before that, if there is a warmup_target, a
// straight line up to it over warmup_steps. Loshchilov and Hutter 2017.
struct CosineDecayOptions {
  double initial_learning_rate = 0.0;
  std::int64_t decay_steps = 0;
  double alpha = 0.0;
  std::optional<double> warmup_target = {};
  std::int64_t warmup_steps = 0;
};
// The same again and again: each period t_mul times as long, from m_mul times the rate.
struct CosineDecayRestartsOptions {
  double initial_learning_rate = 0.0;
  std::int64_t first_decay_steps = 0;
  double t_mul = 2.0;
  double m_mul = 1.0;
  double alpha = 0.0;
};

SchedulePtr ExponentialDecay(const ExponentialDecayOptions& options);
SchedulePtr PiecewiseConstantDecay(const PiecewiseConstantDecayOptions& options);
SchedulePtr PolynomialDecay(const PolynomialDecayOptions& options);
SchedulePtr InverseTimeDecay(const InverseTimeDecayOptions& options);
SchedulePtr CosineDecay(const CosineDecayOptions& options);
SchedulePtr CosineDecayRestarts(const CosineDecayRestartsOptions& options);

// By class name and settings, for config files; Error with the nearest names otherwise.
SchedulePtr from(std::string_view class_name, const std::vector<Setting>& settings);
std::vector<std::string_view> class_names();

}  // namespace schedules

// An option that takes a number or a schedule.
class LearningRate {
 public:
  // NOLINTBEGIN(google-explicit-constructor): a number or an object stands for the option
  LearningRate(double value) : value_(value) {}
  LearningRate(SchedulePtr schedule) : schedule_(std::move(schedule)) {}
  // NOLINTEND(google-explicit-constructor)
  double value() const { return value_; }                    // if there is no schedule
  const SchedulePtr& schedule() const { return schedule_; }  // null: a number was given

 private:
  double value_ = 0.0;
  SchedulePtr schedule_;
};

}  // namespace chronicler
