// Adam with Nesterov's momentum (Dozat 2016).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "chronicler/training/optimizer.h"

namespace chronicler::optimizers {

struct NadamOptions {
  static constexpr std::string_view class_name = "Nadam";
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
  std::string name = "nadam";
  double schedule_decay = 1.0;

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = NadamOptions;
    visit_learning_rate<Options>(visit);
    visit("beta_1", &Options::beta_1, share_below(1.0), "decay of the mean of gradients");
    visit("beta_2", &Options::beta_2, share_below(1.0), "decay of the mean of squared gradients");
    visit("epsilon", &Options::epsilon, any_value(),
          "added to the root, so that nothing is divided by 0");
    visit_optimizer_fields<Options>(visit);
    visit("schedule_decay", &Options::schedule_decay, at_least(0.0),
          "how soon the momentum comes up; before Keras 2.11 it was 0.004",
          FieldNotes{.is_extra = true});
  }
};
OptimizerPtr Nadam(const NadamOptions& options = {});

}  // namespace chronicler::optimizers
