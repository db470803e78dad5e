// Steps of one size by the sign of the mean gradient (Chen and others 2023).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "chronicler/training/optimizer.h"

namespace chronicler::optimizers {

struct LionOptions {
  static constexpr std::string_view class_name = "Lion";
  LearningRate learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.99;
  std::optional<double> weight_decay = {};
  std::optional<double> clipnorm = {};
  std::optional<double> clipvalue = {};
  std::optional<double> global_clipnorm = {};
  bool use_ema = false;
  double ema_momentum = 0.99;
  std::optional<std::int64_t> ema_overwrite_frequency = {};
  std::optional<double> loss_scale_factor = {};
  std::optional<std::int64_t> gradient_accumulation_steps = {};
  std::string name = "lion";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = LionOptions;
    visit_learning_rate<Options>(visit);
    visit("beta_1", &Options::beta_1, share_below(1.0),
          "fraction of the mean of gradients in the direction of a step");
    visit("beta_2", &Options::beta_2, share_below(1.0), "decay of the mean of gradients");
    visit_optimizer_fields<Options>(visit);
  }
};
OptimizerPtr Lion(const LionOptions& options = {});

}  // namespace chronicler::optimizers
