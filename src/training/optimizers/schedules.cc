#include "chronicler/training/schedules.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>
#include <type_traits>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "training/optimizers/schedule_catalog.h"

namespace chronicler {
namespace {

// A schedule made of an option struct.
template <class Options>
class ScheduleWith : public LearningRateSchedule {
 public:
  explicit ScheduleWith(const Options& options) : options_(checked_fields(options)) {}
  std::string_view class_name() const final { return Options::class_name; }
  std::vector<Setting> settings() const final { return field_settings(options_); }

 protected:
  const Options& options() const { return options_; }

 private:
  Options options_;
};

double ratio(std::int64_t step, std::int64_t steps) {
  return static_cast<double>(step) / static_cast<double>(steps);
}

// 1 at 0, alpha at 1.
double cosine(double completed, double alpha) {
  return (1.0 - alpha) * 0.5 * (1.0 + std::cos(std::numbers::pi * completed)) + alpha;
}

class Exponential final : public ScheduleWith<schedules::ExponentialDecayOptions> {
 public:
  using ScheduleWith::ScheduleWith;
  double at(std::int64_t step) const override {
    const double power = ratio(step, options().decay_steps);
    return options().initial_learning_rate *
           std::pow(options().decay_rate, options().staircase ? std::floor(power) : power);
  }
};

class PiecewiseConstant final : public ScheduleWith<schedules::PiecewiseConstantDecayOptions> {
 public:
  explicit PiecewiseConstant(const schedules::PiecewiseConstantDecayOptions& given)
      : ScheduleWith(given) {
    const auto& boundaries = given.boundaries;
    const auto& values = given.values;
    if (values.size() != boundaries.size() + 1) {
      throw Error(
          fmt::format("PiecewiseConstantDecay needs one value more than boundaries, got {} "
                      "values and {} boundaries",
                      values.size(), boundaries.size()));
    }
    if (std::adjacent_find(boundaries.begin(), boundaries.end(), std::greater_equal<>()) !=
        boundaries.end()) {
      throw Error("boundaries of PiecewiseConstantDecay must grow");
    }
  }
  double at(std::int64_t step) const override {
    const std::vector<std::int64_t>& boundaries = options().boundaries;
    const auto first = std::lower_bound(boundaries.begin(), boundaries.end(), step);
    return options().values[static_cast<std::size_t>(first - boundaries.begin())];
  }
};

class Polynomial final : public ScheduleWith<schedules::PolynomialDecayOptions> {
 public:
  using ScheduleWith::ScheduleWith;
  double at(std::int64_t step) const override {
    double completed = ratio(step, options().decay_steps);
    completed = options().cycle ? completed / std::max(1.0, std::ceil(completed))
                                : std::min(1.0, completed);
    const double end = options().end_learning_rate;
    return (options().initial_learning_rate - end) * std::pow(1.0 - completed, options().power) +
           end;
  }
};

class InverseTime final : public ScheduleWith<schedules::InverseTimeDecayOptions> {
 public:
  using ScheduleWith::ScheduleWith;
  double at(std::int64_t step) const override {
    const double times = ratio(step, options().decay_steps);
    return options().initial_learning_rate /
           (1.0 + options().decay_rate * (options().staircase ? std::floor(times) : times));
  }
};

class Cosine final : public ScheduleWith<schedules::CosineDecayOptions> {
 public:
  explicit Cosine(const schedules::CosineDecayOptions& given) : ScheduleWith(given) {
    if (given.warmup_target && given.warmup_steps < 1) {
      throw Error(fmt::format("warmup_steps of CosineDecay must be at least 1, got {}",
                              given.warmup_steps));
    }
  }
  double at(std::int64_t step) const override {
    const double initial = options().initial_learning_rate;
    if (!options().warmup_target) return initial * decayed(step);
    const double target = *options().warmup_target;
    if (step < options().warmup_steps) {
      return (target - initial) * ratio(step, options().warmup_steps) + initial;
    }
    return target * decayed(step - options().warmup_steps);
  }

 private:
  double decayed(std::int64_t step) const {
    return cosine(std::min(1.0, ratio(step, options().decay_steps)), options().alpha);
  }
};

class CosineRestarts final : public ScheduleWith<schedules::CosineDecayRestartsOptions> {
 public:
  using ScheduleWith::ScheduleWith;
  // Period i is t_mul^i long, in units of the first, so that it begins at (t_mul^i - 1) /
  // (t_mul - 1).
  double at(std::int64_t step) const override {
    double completed = ratio(step, options().first_decay_steps);
    double period = 0.0;
    const double growth = options().t_mul;
    if (growth == 1.0) {
      period = std::floor(completed);
      completed -= period;
    } else {
      period = std::floor(std::log(1.0 - completed * (1.0 - growth)) / std::log(growth));
      const double length = std::pow(growth, period);
      completed = (completed - (1.0 - length) / (1.0 - growth)) / length;
    }
    return options().initial_learning_rate * std::pow(options().m_mul, period) *
           cosine(completed, options().alpha);
  }
};

}  // namespace

namespace schedules {

SchedulePtr ExponentialDecay(const ExponentialDecayOptions& options) {
  return std::make_shared<Exponential>(options);
}
SchedulePtr PiecewiseConstantDecay(const PiecewiseConstantDecayOptions& options) {
  return std::make_shared<PiecewiseConstant>(options);
}
SchedulePtr PolynomialDecay(const PolynomialDecayOptions& options) {
  return std::make_shared<Polynomial>(options);
}
SchedulePtr InverseTimeDecay(const InverseTimeDecayOptions& options) {
  return std::make_shared<InverseTime>(options);
}
SchedulePtr CosineDecay(const CosineDecayOptions& options) {
  return std::make_shared<Cosine>(options);
}
SchedulePtr CosineDecayRestarts(const CosineDecayRestartsOptions& options) {
  return std::make_shared<CosineRestarts>(options);
}

}  // namespace schedules

namespace {

template <auto factory>
constexpr ScheduleKind kind() {
  using Options = OptionsOf<factory>;
  return {Options::class_name, made_from<factory>, field_table<Options>};
}

constexpr std::array catalog{
    kind<schedules::ExponentialDecay>(), kind<schedules::PiecewiseConstantDecay>(),
    kind<schedules::PolynomialDecay>(),  kind<schedules::InverseTimeDecay>(),
    kind<schedules::CosineDecay>(),      kind<schedules::CosineDecayRestarts>(),
};

}  // namespace

std::span<const ScheduleKind> schedule_catalog() { return catalog; }

namespace schedules {

SchedulePtr from(std::string_view class_name, const std::vector<Setting>& settings) {
  const auto* const kind = std::find_if(
      catalog.begin(), catalog.end(),
      [&](const ScheduleKind& candidate) { return candidate.class_name == class_name; });
  if (kind == catalog.end()) {
    unknown_name("learning-rate schedule", class_name, class_names());
  }
  SettingsReader reader(kind->class_name, settings);
  SchedulePtr schedule = kind->from(reader);
  reader.finish();
  return schedule;
}

std::vector<std::string_view> class_names() {
  std::vector<std::string_view> names(catalog.size());
  std::transform(catalog.begin(), catalog.end(), names.begin(),
                 [](const ScheduleKind& kind) { return kind.class_name; });
  return names;
}

}  // namespace schedules
}  // namespace chronicler
