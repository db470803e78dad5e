// Gradients divided by their recent root mean square (Tieleman and Hinton 2012). With the
// gradient g:
//   v = rho v + (1 - rho) g^2
//   w = w - learning_rate g / sqrt(v + epsilon)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "chronicler/training/optimizer.h"

namespace chronicler::optimizers {

struct RMSpropOptions {
  static constexpr std::string_view class_name = "RMSprop";
  LearningRate learning_rate = 0.001;
  double rho = 0.9;
  double momentum = 0.0;
  double epsilon = 1e-7;
  bool centered = false;
  std::optional<double> weight_decay = {};
  std::optional<double> clipnorm = {};
  std::optional<double> clipvalue = {};
  std::optional<double> global_clipnorm = {};
  bool use_ema = false;
  double ema_momentum = 0.99;
  std::optional<std::int64_t> ema_overwrite_frequency = {};
  std::optional<double> loss_scale_factor = {};
  std::optional<std::int64_t> gradient_accumulation_steps = {};
  std::string name = "rm_sprop";
  bool is_legacy_optimizer = false;

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = RMSpropOptions;
    visit_learning_rate<Options>(visit);
    visit("rho", &Options::rho, share_below(1.0), "decay of the mean of squared gradients");
    visit("momentum", &Options::momentum, share_below(1.0),
          "fraction of the last step that is added to this one");
    visit("epsilon", &Options::epsilon, any_value(),
          "added under the root, so that nothing is divided by 0");
    visit("centered", &Options::centered, any_value(),
          "divides by the standard deviation instead of the root mean square");
    visit_optimizer_fields<Options>(visit);
    visit("is_legacy_optimizer", &Options::is_legacy_optimizer, any_value(),
          "epsilon is added to the root, not under it, as in Keras 2.10 and before",
          FieldNotes{.is_extra = true});
  }
};
OptimizerPtr RMSprop(const RMSpropOptions& options = {});

}  // namespace chronicler::optimizers
