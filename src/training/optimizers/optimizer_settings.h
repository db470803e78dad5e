// The options that all optimizers have, from their structs and from configurations.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "chronicler/training/optimizers.h"
#include "training/settings.h"

namespace chronicler {

// Fills what every optimizer's option struct has.
template <class Options>
void take_common_options(SettingsReader& settings, const SchedulePtr& schedule, Options& options) {
  if (schedule) {
    options.learning_rate = schedule;
    settings.ignore("learning_rate");
  } else {
    options.learning_rate = settings.number("learning_rate", options.learning_rate.value());
  }
  if (settings.is_null("weight_decay")) options.weight_decay.reset();
  if (const auto decay = settings.optional_number("weight_decay")) options.weight_decay = decay;
  options.clipnorm = settings.optional_number("clipnorm");
  options.global_clipnorm = settings.optional_number("global_clipnorm");
  options.clipvalue = settings.optional_number("clipvalue");
  options.use_ema = settings.flag("use_ema", options.use_ema);
  options.ema_momentum = settings.number("ema_momentum", options.ema_momentum);
  options.ema_overwrite_frequency = settings.optional_whole("ema_overwrite_frequency");
  options.loss_scale_factor = settings.optional_number("loss_scale_factor");
  options.gradient_accumulation_steps = settings.optional_whole("gradient_accumulation_steps");
}

// What files of Keras 2.10 and before say of optimizers that moved weights by another equation,
// which they keep here: options that only files have.
inline constexpr std::string_view legacy_setting = "is_legacy_optimizer";

template <class Options>
struct WithLegacy : Options {
  bool is_legacy = false;
};

template <class Options>
std::vector<Setting> with_legacy(const Options& options, std::vector<Setting> settings) {
  if (options.is_legacy) settings.push_back({std::string(legacy_setting), true});
  return settings;
}

// An optimizer that is made of an option struct: Derived(options, name).
template <class Derived, class Options>
class OptimizerWith : public Optimizer {
 public:
  std::shared_ptr<Optimizer> fresh() const override {
    Options options = options_;
    options.learning_rate = rate_option();
    return std::make_shared<Derived>(options, name());
  }

 protected:
  OptimizerWith(const Options& options, const std::string& name)
      : Optimizer({name,
                   options.learning_rate,
                   options.weight_decay,
                   {options.clipnorm, options.clipvalue, options.global_clipnorm},
                   options.use_ema,
                   options.ema_momentum,
                   options.ema_overwrite_frequency,
                   options.loss_scale_factor,
                   options.gradient_accumulation_steps}),
        options_(options) {}

  const Options& options() const { return options_; }

 private:
  Options options_;
};

// `value` as given; Error unless it is at least 0 and less than 1 (a share that decays).
double checked_decay(std::string_view optimizer, std::string_view option, double value);
// Error unless it is at least 0.
double checked_not_negative(std::string_view optimizer, std::string_view option, double value);

}  // namespace chronicler
