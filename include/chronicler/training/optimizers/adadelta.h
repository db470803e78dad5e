// Steps as large as recent steps were, by recent gradients (Zeiler 2012).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "chronicler/training/optimizer.h"

namespace chronicler::optimizers {

struct AdadeltaOptions {
  static constexpr std::string_view class_name = "Adadelta";
  LearningRate learning_rate = 0.001;
  double rho = 0.95;
  double epsilon = 1e-7;
  std::optional<double> weight_decay = {};
  std::optional<double> clipnorm = {};
  std::optional<double> clipvalue = {};
  std::optional<double> global_clipnorm = {};
  bool use_ema = false;
  double ema_momentum = 0.99;
  std::optional<std::int64_t> ema_overwrite_frequency = {};
  std::optional<double> loss_scale_factor = {};
  std::optional<std::int64_t> gradient_accumulation_steps = {};
  std::string name = "adadelta";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = AdadeltaOptions;
    visit_learning_rate<Options>(visit);
    visit("rho", &Options::rho, share_below(1.0),
          "decay of the means of squared gradients and steps");
    visit("epsilon", &Options::epsilon, any_value(), "added under both roots");
    visit_optimizer_fields<Options>(visit);
  }
};
OptimizerPtr Adadelta(const AdadeltaOptions& options = {});

}  // namespace chronicler::optimizers
