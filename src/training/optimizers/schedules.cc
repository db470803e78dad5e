#include "chronicler/training/schedules.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "training/settings.h"

namespace chronicler {
namespace {

// A schedule made of an option struct. Keras writes the class's name as `name`.
template <class Options>
class ScheduleWith : public LearningRateSchedule {
 public:
  explicit ScheduleWith(Options options) : options_(std::move(options)) {}

 protected:
  const Options& options() const { return options_; }

 private:
  Options options_;
};

void check_steps(std::string_view schedule, std::string_view option, std::int64_t steps) {
  if (steps >= 1) return;
  throw Error(fmt::format("{} of {} must be at least 1, got {}", option, schedule, steps));
}

void check_not_negative(std::string_view schedule, std::string_view option, double value) {
  if (value >= 0.0 && std::isfinite(value)) return;
  throw Error(
      fmt::format("{} of {} must be a number of at least 0, got {}", option, schedule, value));
}

double ratio(std::int64_t step, std::int64_t steps) {
  return static_cast<double>(step) / static_cast<double>(steps);
}

// 1 at 0, alpha at 1.
double cosine(double completed, double alpha) {
  return (1.0 - alpha) * 0.5 * (1.0 + std::cos(std::numbers::pi * completed)) + alpha;
}

class Exponential final : public ScheduleWith<schedules::ExponentialDecayOptions> {
 public:
  static constexpr std::string_view own_name = "ExponentialDecay";

  explicit Exponential(const schedules::ExponentialDecayOptions& given) : ScheduleWith(given) {
    check_not_negative(own_name, "initial_learning_rate", given.initial_learning_rate);
    check_steps(own_name, "decay_steps", given.decay_steps);
    check_not_negative(own_name, "decay_rate", given.decay_rate);
  }
  std::string_view class_name() const override { return own_name; }
  std::vector<Setting> settings() const override {
    return {{"initial_learning_rate", options().initial_learning_rate},
            {"decay_steps", options().decay_steps},
            {"decay_rate", options().decay_rate},
            {"staircase", options().staircase},
            {"name", std::string(own_name)}};
  }
  double at(std::int64_t step) const override {
    const double power = ratio(step, options().decay_steps);
    return options().initial_learning_rate *
           std::pow(options().decay_rate, options().staircase ? std::floor(power) : power);
  }
};

class PiecewiseConstant final : public ScheduleWith<schedules::PiecewiseConstantDecayOptions> {
 public:
  static constexpr std::string_view own_name = "PiecewiseConstantDecay";

  explicit PiecewiseConstant(schedules::PiecewiseConstantDecayOptions given)
      : ScheduleWith(std::move(given)) {
    const auto& [boundaries, values] = options();
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
    for (const double value : values) check_not_negative(own_name, "values", value);
  }
  std::string_view class_name() const override { return own_name; }
  std::vector<Setting> settings() const override {
    const std::vector<std::int64_t>& boundaries = options().boundaries;
    return {{"boundaries", std::vector<double>(boundaries.begin(), boundaries.end())},
            {"values", options().values},
            {"name", std::string("PiecewiseConstant")}};
  }
  double at(std::int64_t step) const override {
    const std::vector<std::int64_t>& boundaries = options().boundaries;
    const auto first = std::lower_bound(boundaries.begin(), boundaries.end(), step);
    return options().values[static_cast<std::size_t>(first - boundaries.begin())];
  }
};

class Polynomial final : public ScheduleWith<schedules::PolynomialDecayOptions> {
 public:
  static constexpr std::string_view own_name = "PolynomialDecay";

  explicit Polynomial(const schedules::PolynomialDecayOptions& given) : ScheduleWith(given) {
    check_not_negative(own_name, "initial_learning_rate", given.initial_learning_rate);
    check_steps(own_name, "decay_steps", given.decay_steps);
    check_not_negative(own_name, "end_learning_rate", given.end_learning_rate);
  }
  std::string_view class_name() const override { return own_name; }
  std::vector<Setting> settings() const override {
    return {{"initial_learning_rate", options().initial_learning_rate},
            {"decay_steps", options().decay_steps},
            {"end_learning_rate", options().end_learning_rate},
            {"power", options().power},
            {"cycle", options().cycle},
            {"name", std::string(own_name)}};
  }
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
  static constexpr std::string_view own_name = "InverseTimeDecay";

  explicit InverseTime(const schedules::InverseTimeDecayOptions& given) : ScheduleWith(given) {
    check_not_negative(own_name, "initial_learning_rate", given.initial_learning_rate);
    check_steps(own_name, "decay_steps", given.decay_steps);
    check_not_negative(own_name, "decay_rate", given.decay_rate);
  }
  std::string_view class_name() const override { return own_name; }
  std::vector<Setting> settings() const override {
    return {{"initial_learning_rate", options().initial_learning_rate},
            {"decay_steps", options().decay_steps},
            {"decay_rate", options().decay_rate},
            {"staircase", options().staircase},
            {"name", std::string(own_name)}};
  }
  double at(std::int64_t step) const override {
    const double times = ratio(step, options().decay_steps);
    return options().initial_learning_rate /
           (1.0 + options().decay_rate * (options().staircase ? std::floor(times) : times));
  }
};

class Cosine final : public ScheduleWith<schedules::CosineDecayOptions> {
 public:
  static constexpr std::string_view own_name = "CosineDecay";

  explicit Cosine(const schedules::CosineDecayOptions& given) : ScheduleWith(given) {
    check_not_negative(own_name, "initial_learning_rate", given.initial_learning_rate);
    check_steps(own_name, "decay_steps", given.decay_steps);
    check_not_negative(own_name, "alpha", given.alpha);
    if (!given.warmup_target) return;
    check_not_negative(own_name, "warmup_target", *given.warmup_target);
    check_steps(own_name, "warmup_steps", given.warmup_steps);
  }
  std::string_view class_name() const override { return own_name; }
  std::vector<Setting> settings() const override {
    return {{"initial_learning_rate", options().initial_learning_rate},
            {"decay_steps", options().decay_steps},
            {"alpha", options().alpha},
            {"name", std::string(own_name)},
            {"warmup_target", setting_or_null(options().warmup_target)},
            {"warmup_steps", options().warmup_steps}};
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
  static constexpr std::string_view own_name = "CosineDecayRestarts";

  explicit CosineRestarts(const schedules::CosineDecayRestartsOptions& given)
      : ScheduleWith(given) {
    check_not_negative(own_name, "initial_learning_rate", given.initial_learning_rate);
    check_steps(own_name, "first_decay_steps", given.first_decay_steps);
    check_not_negative(own_name, "m_mul", given.m_mul);
    check_not_negative(own_name, "alpha", given.alpha);
    if (given.t_mul >= 1.0 && std::isfinite(given.t_mul)) return;
    throw Error(
        fmt::format("t_mul of CosineDecayRestarts must be at least 1, got {}", given.t_mul));
  }
  std::string_view class_name() const override { return own_name; }
  std::vector<Setting> settings() const override {
    return {{"initial_learning_rate", options().initial_learning_rate},
            {"first_decay_steps", options().first_decay_steps},
            {"t_mul", options().t_mul},
            {"m_mul", options().m_mul},
            {"alpha", options().alpha},
            {"name", std::string("SGDRDecay")}};
  }
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

// ---- from settings

double required(SettingsReader& settings, std::string_view name, std::string_view schedule) {
  const std::optional<double> value = settings.optional_number(name);
  if (!value) throw Error(fmt::format("{} needs {}", schedule, name));
  return *value;
}

// Steps may be written as real numbers.
std::int64_t required_steps(SettingsReader& settings, std::string_view name,
                            std::string_view schedule) {
  const double steps = required(settings, name, schedule);
  if (steps == std::floor(steps) && std::abs(steps) < 0x1p53) {
    return static_cast<std::int64_t>(steps);
  }
  throw Error(fmt::format("{} of {} must be a whole number, got {}", name, schedule, steps));
}

SchedulePtr exponential_from(SettingsReader& settings) {
  return std::make_shared<Exponential>(schedules::ExponentialDecayOptions{
      .initial_learning_rate = required(settings, "initial_learning_rate", Exponential::own_name),
      .decay_steps = required_steps(settings, "decay_steps", Exponential::own_name),
      .decay_rate = required(settings, "decay_rate", Exponential::own_name),
      .staircase = settings.flag("staircase", false)});
}

SchedulePtr piecewise_constant_from(SettingsReader& settings) {
  std::vector<std::int64_t> boundaries;
  for (const double boundary : settings.numbers("boundaries")) {
    boundaries.push_back(static_cast<std::int64_t>(std::floor(boundary)));
  }
  return std::make_shared<PiecewiseConstant>(
      schedules::PiecewiseConstantDecayOptions{boundaries, settings.numbers("values")});
}

SchedulePtr polynomial_from(SettingsReader& settings) {
  return std::make_shared<Polynomial>(schedules::PolynomialDecayOptions{
      .initial_learning_rate = required(settings, "initial_learning_rate", Polynomial::own_name),
      .decay_steps = required_steps(settings, "decay_steps", Polynomial::own_name),
      .end_learning_rate = settings.number("end_learning_rate", 0.0001),
      .power = settings.number("power", 1.0),
      .cycle = settings.flag("cycle", false)});
}

SchedulePtr inverse_time_from(SettingsReader& settings) {
  return std::make_shared<InverseTime>(schedules::InverseTimeDecayOptions{
      .initial_learning_rate = required(settings, "initial_learning_rate", InverseTime::own_name),
      .decay_steps = required_steps(settings, "decay_steps", InverseTime::own_name),
      .decay_rate = required(settings, "decay_rate", InverseTime::own_name),
      .staircase = settings.flag("staircase", false)});
}

SchedulePtr cosine_from(SettingsReader& settings) {
  return std::make_shared<Cosine>(schedules::CosineDecayOptions{
      .initial_learning_rate = required(settings, "initial_learning_rate", Cosine::own_name),
      .decay_steps = required_steps(settings, "decay_steps", Cosine::own_name),
      .alpha = settings.number("alpha", 0.0),
      .warmup_target = settings.optional_number("warmup_target"),
      .warmup_steps = settings.whole("warmup_steps", 0)});
}

SchedulePtr cosine_restarts_from(SettingsReader& settings) {
  return std::make_shared<CosineRestarts>(schedules::CosineDecayRestartsOptions{
      .initial_learning_rate =
          required(settings, "initial_learning_rate", CosineRestarts::own_name),
      .first_decay_steps = required_steps(settings, "first_decay_steps", CosineRestarts::own_name),
      .t_mul = settings.number("t_mul", 2.0),
      .m_mul = settings.number("m_mul", 1.0),
      .alpha = settings.number("alpha", 0.0)});
}

struct ScheduleKind {
  std::string_view class_name;
  SchedulePtr (*from)(SettingsReader& settings);
};

constexpr std::array<ScheduleKind, 6> catalog{{
    {Exponential::own_name, exponential_from},
    {PiecewiseConstant::own_name, piecewise_constant_from},
    {Polynomial::own_name, polynomial_from},
    {InverseTime::own_name, inverse_time_from},
    {Cosine::own_name, cosine_from},
    {CosineRestarts::own_name, cosine_restarts_from},
}};

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

SchedulePtr from(std::string_view class_name, const std::vector<Setting>& settings) {
  const auto* const kind = std::find_if(
      catalog.begin(), catalog.end(),
      [&](const ScheduleKind& candidate) { return candidate.class_name == class_name; });
  if (kind == catalog.end()) {
    unknown_name("learning-rate schedule", class_name, class_names());
  }
  SettingsReader reader(kind->class_name, settings);
  reader.ignore("name");
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
