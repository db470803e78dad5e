// Steps against the gradient, with or without momentum (Polyak 1964, Nesterov 1983). With the
// gradient g:
//   v = momentum v - learning_rate g
//   w = w + v, or with nesterov w + momentum v - learning_rate g
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "chronicler/training/optimizer.h"

namespace chronicler::optimizers {

struct SGDOptions {
  static constexpr std::string_view class_name = "SGD";
  LearningRate learning_rate = 0.01;
  double momentum = 0.0;
  bool nesterov = false;
  std::optional<double> weight_decay = {};
  std::optional<double> clipnorm = {};
  std::optional<double> clipvalue = {};
  std::optional<double> global_clipnorm = {};
  bool use_ema = false;
  double ema_momentum = 0.99;
  std::optional<std::int64_t> ema_overwrite_frequency = {};
  std::optional<double> loss_scale_factor = {};
  std::optional<std::int64_t> gradient_accumulation_steps = {};
  std::string name = "sgd";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = SGDOptions;
    visit_learning_rate<Options>(visit);
    visit("momentum", &Options::momentum, between(0.0, 1.0),
          "fraction of the last step that is added to this one");
    visit("nesterov", &Options::nesterov, any_value(), "looks ahead by the momentum: Nesterov");
    visit_optimizer_fields<Options>(visit);
  }
};
OptimizerPtr SGD(const SGDOptions& options = {});

}  // namespace chronicler::optimizers
