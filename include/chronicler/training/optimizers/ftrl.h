// Follow the regularized leader, for sparse models (McMahan and others 2013).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "chronicler/training/optimizer.h"

namespace chronicler::optimizers {

struct FtrlOptions {
  static constexpr std::string_view class_name = "Ftrl";
  LearningRate learning_rate = 0.001;
  double learning_rate_power = -0.5;
  double initial_accumulator_value = 0.1;
  double l1_regularization_strength = 0.0;
  double l2_regularization_strength = 0.0;
  double l2_shrinkage_regularization_strength = 0.0;
  double beta = 0.0;
  std::optional<double> weight_decay = {};
  std::optional<double> clipnorm = {};
  std::optional<double> clipvalue = {};
  std::optional<double> global_clipnorm = {};
  bool use_ema = false;
  double ema_momentum = 0.99;
  std::optional<std::int64_t> ema_overwrite_frequency = {};
  std::optional<double> loss_scale_factor = {};
  std::optional<std::int64_t> gradient_accumulation_steps = {};
  std::string name = "ftrl";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = FtrlOptions;
    visit_learning_rate<Options>(visit);
    visit("learning_rate_power", &Options::learning_rate_power, at_most(0.0),
          "power of the number of steps by which the rate falls");
    visit("initial_accumulator_value", &Options::initial_accumulator_value, at_least(0.0),
          "sum of squared gradients at the start");
    visit("l1_regularization_strength", &Options::l1_regularization_strength, at_least(0.0),
          "L1 penalty");
    visit("l2_regularization_strength", &Options::l2_regularization_strength, at_least(0.0),
          "L2 penalty");
    visit("l2_shrinkage_regularization_strength", &Options::l2_shrinkage_regularization_strength,
          at_least(0.0), "L2 penalty on the size of the gradients only");
    visit("beta", &Options::beta, at_least(0.0), "added to the root of the sum");
    visit_optimizer_fields<Options>(visit);
  }
};
OptimizerPtr Ftrl(const FtrlOptions& options = {});

}  // namespace chronicler::optimizers
