// Adam by the largest gradient instead of the mean of squares (Kingma and Ba 2015).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "chronicler/training/optimizer.h"

namespace chronicler::optimizers {

struct AdamaxOptions {
  static constexpr std::string_view class_name = "Adamax";
  LearningRate learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
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
  std::string name = "adamax";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = AdamaxOptions;
    visit_learning_rate<Options>(visit);
    visit("beta_1", &Options::beta_1, share_below(1.0), "decay of the mean of gradients");
    visit("beta_2", &Options::beta_2, share_below(1.0), "decay of the largest gradient");
    visit("epsilon", &Options::epsilon, any_value(),
          "added to the root, so that nothing is divided by 0");
    visit_optimizer_fields<Options>(visit);
  }
};
OptimizerPtr Adamax(const AdamaxOptions& options = {});

}  // namespace chronicler::optimizers
