// Gradients divided by the root of the sum of all their squares (Duchi, Hazan and Singer 2011).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "chronicler/training/optimizer.h"

namespace chronicler::optimizers {

struct AdagradOptions {
  static constexpr std::string_view class_name = "Adagrad";
  LearningRate learning_rate = 0.001;
  double initial_accumulator_value = 0.1;
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
  std::string name = "adagrad";
  bool is_legacy_optimizer = false;

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = AdagradOptions;
    visit_learning_rate<Options>(visit);
    visit("initial_accumulator_value", &Options::initial_accumulator_value, at_least(0.0),
          "sum of squared gradients at the start");
    visit("epsilon", &Options::epsilon, any_value(),
          "added under the root, so that nothing is divided by 0");
    visit_optimizer_fields<Options>(visit);
    visit("is_legacy_optimizer", &Options::is_legacy_optimizer, any_value(),
          "epsilon is added to the root, not under it, as in Keras 2.10 and before",
          FieldNotes{.is_extra = true});
  }
};
OptimizerPtr Adagrad(const AdagradOptions& options = {});

}  // namespace chronicler::optimizers
