// An optimizer that is made of an option struct, and how that struct stands in files.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "chronicler/training/optimizer.h"
#include "training/field_settings.h"

namespace chronicler {

// A learning rate in a configuration: a schedule has a place of its own there.
inline void take_field(SettingsReader& settings, const FieldInfo& field, LearningRate& rate) {
  rate = settings.number(field.name, rate.value());
}
inline SettingValue field_setting(const LearningRate& rate) {
  return rate.schedule() ? SettingValue() : SettingValue(rate.value());
}
inline std::string field_type(const LearningRate&) { return "rate"; }
inline std::string field_text(const LearningRate& rate) { return field_text(rate.value()); }

// The options of the averages matter only where there are averages.
template <class Options>
const Options& checked_options(const Options& options) {
  Options used = options;
  if (!options.use_ema) {
    used.ema_momentum = Options{}.ema_momentum;
    used.ema_overwrite_frequency.reset();
  }
  check_fields(Options::class_name, used);
  return options;
}

// Derived(options) makes another one.
template <class Derived, class Options>
class OptimizerWith : public Optimizer {
 public:
  explicit OptimizerWith(const Options& options)
      : Optimizer({checked_options(options).name,
                   options.learning_rate,
                   options.weight_decay,
                   {options.clipnorm, options.clipvalue, options.global_clipnorm},
                   options.use_ema,
                   options.ema_momentum,
                   options.ema_overwrite_frequency,
                   options.loss_scale_factor,
                   options.gradient_accumulation_steps}),
        options_(options) {}

  std::string_view class_name() const final { return Options::class_name; }
  std::vector<Setting> settings() const final {
    // Keras writes these first, whatever the order of its arguments.
    return field_settings(options_now(),
                          {"name", "learning_rate", "weight_decay", "clipnorm", "global_clipnorm",
                           "clipvalue", "use_ema", "ema_momentum", "ema_overwrite_frequency",
                           "loss_scale_factor", "gradient_accumulation_steps"});
  }
  std::shared_ptr<Optimizer> fresh() const final {
    return std::make_shared<Derived>(options_now());
  }

 protected:
  const Options& options() const { return options_; }

 private:
  // With the learning rate of now, which may have been set.
  Options options_now() const {
    Options options = options_;
    options.learning_rate = rate_option();
    return options;
  }

  Options options_;
};

}  // namespace chronicler
