// Learning rates that change with the steps: keras.optimizers.schedules.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chronicler/base/fields.h"
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
  static constexpr std::string_view class_name = "ExponentialDecay";
  double initial_learning_rate = 0.0;
  std::int64_t decay_steps = 0;
  double decay_rate = 0.0;
  bool staircase = false;
  std::string name = "ExponentialDecay";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = ExponentialDecayOptions;
    visit("initial_learning_rate", &Options::initial_learning_rate, at_least(0.0),
          "rate of the first step", FieldNotes{.is_required = true});
    visit("decay_steps", &Options::decay_steps, at_least(1),
          "steps after which the rate is decay_rate times as large",
          FieldNotes{.is_required = true});
    visit("decay_rate", &Options::decay_rate, at_least(0.0), "factor of the rate after decay_steps",
          FieldNotes{.is_required = true});
    visit("staircase", &Options::staircase, any_value(), "the rate changes only every decay_steps");
    visit("name", &Options::name, any_value(), "name of the schedule in files");
  }
};
// values[i] up to and including step boundaries[i], then the next; one value more than boundaries.
struct PiecewiseConstantDecayOptions {
  static constexpr std::string_view class_name = "PiecewiseConstantDecay";
  std::vector<std::int64_t> boundaries = {};
  std::vector<double> values = {};
  std::string name = "PiecewiseConstant";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = PiecewiseConstantDecayOptions;
    visit("boundaries", &Options::boundaries, any_value(),
          "last step of each rate but the last one; must grow");
    visit("values", &Options::values, at_least(0.0), "rates: one more than boundaries");
    visit("name", &Options::name, any_value(), "name of the schedule in files");
  }
};
// (initial - end) * (1 - step / decay_steps) ^ power + end, and `end` after decay_steps; with
// `cycle` the way to the end is made longer instead, by whole times.
struct PolynomialDecayOptions {
  static constexpr std::string_view class_name = "PolynomialDecay";
  double initial_learning_rate = 0.0;
  std::int64_t decay_steps = 0;
  double end_learning_rate = 0.0001;
  double power = 1.0;
  bool cycle = false;
  std::string name = "PolynomialDecay";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = PolynomialDecayOptions;
    visit("initial_learning_rate", &Options::initial_learning_rate, at_least(0.0),
          "rate of the first step", FieldNotes{.is_required = true});
    visit("decay_steps", &Options::decay_steps, at_least(1),
          "steps until the rate is end_learning_rate", FieldNotes{.is_required = true});
    visit("end_learning_rate", &Options::end_learning_rate, at_least(0.0), "rate at the end");
    visit("power", &Options::power, any_value(), "power of the polynomial; 1: a straight line");
    visit("cycle", &Options::cycle, any_value(),
          "after the end starts again from above, over a longer time");
    visit("name", &Options::name, any_value(), "name of the schedule in files");
  }
};
// initial / (1 + decay_rate * step / decay_steps), with `staircase` in whole multiples.
struct InverseTimeDecayOptions {
  static constexpr std::string_view class_name = "InverseTimeDecay";
  double initial_learning_rate = 0.0;
  std::int64_t decay_steps = 0;
  double decay_rate = 0.0;
  bool staircase = false;
  std::string name = "InverseTimeDecay";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = InverseTimeDecayOptions;
    visit("initial_learning_rate", &Options::initial_learning_rate, at_least(0.0),
          "rate of the first step", FieldNotes{.is_required = true});
    visit("decay_steps", &Options::decay_steps, at_least(1), "steps that count as one unit of time",
          FieldNotes{.is_required = true});
    visit("decay_rate", &Options::decay_rate, at_least(0.0),
          "how fast the rate falls: it is divided by 1 + decay_rate * time",
          FieldNotes{.is_required = true});
    visit("staircase", &Options::staircase, any_value(), "the rate changes only every decay_steps");
    visit("name", &Options::name, any_value(), "name of the schedule in files");
  }
};
// Half a cosine from the rate down to alpha times it; before that, if there is a warmup_target, a
// straight line up to it over warmup_steps. Loshchilov and Hutter 2017.
struct CosineDecayOptions {
  static constexpr std::string_view class_name = "CosineDecay";
  double initial_learning_rate = 0.0;
  std::int64_t decay_steps = 0;
  double alpha = 0.0;
  std::optional<double> warmup_target = {};
  std::int64_t warmup_steps = 0;
  std::string name = "CosineDecay";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = CosineDecayOptions;
    visit("initial_learning_rate", &Options::initial_learning_rate, at_least(0.0),
          "rate of the first step", FieldNotes{.is_required = true});
    visit("decay_steps", &Options::decay_steps, at_least(1),
          "steps of half a cosine, without the warm-up", FieldNotes{.is_required = true});
    visit("alpha", &Options::alpha, at_least(0.0), "rate at the end, as a fraction of the highest");
    visit("name", &Options::name, any_value(), "name of the schedule in files");
    visit("warmup_target", &Options::warmup_target, at_least(0.0),
          "rate after the warm-up; none: there is no warm-up");
    visit("warmup_steps", &Options::warmup_steps, at_least(0),
          "steps from initial_learning_rate up to warmup_target");
  }
};
// The same again and again: each period t_mul times as long, from m_mul times the rate.
struct CosineDecayRestartsOptions {
  static constexpr std::string_view class_name = "CosineDecayRestarts";
  double initial_learning_rate = 0.0;
  std::int64_t first_decay_steps = 0;
  double t_mul = 2.0;
  double m_mul = 1.0;
  double alpha = 0.0;
  std::string name = "SGDRDecay";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = CosineDecayRestartsOptions;
    visit("initial_learning_rate", &Options::initial_learning_rate, at_least(0.0),
          "rate of the first step", FieldNotes{.is_required = true});
    visit("first_decay_steps", &Options::first_decay_steps, at_least(1),
          "steps of the first half cosine", FieldNotes{.is_required = true});
    visit("t_mul", &Options::t_mul, at_least(1.0),
          "how many times as long each period is as the one before");
    visit("m_mul", &Options::m_mul, at_least(0.0),
          "how many times as high each period begins as the one before");
    visit("alpha", &Options::alpha, at_least(0.0),
          "rate at the end of a period, as a fraction of its beginning");
    visit("name", &Options::name, any_value(), "name of the schedule in files");
  }
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
