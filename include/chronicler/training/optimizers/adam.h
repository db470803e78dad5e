// Mean gradients divided by their root mean square (Kingma and Ba 2015); AdamW also takes off a
// fraction of each weight (Loshchilov and Hutter 2019).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "chronicler/training/optimizer.h"

namespace chronicler::optimizers {

template <class Options, class Visitor>
void visit_adam_fields(Visitor&& visit) {
  visit("beta_1", &Options::beta_1, share_below(1.0), "decay of the mean of gradients");
  visit("beta_2", &Options::beta_2, share_below(1.0), "decay of the mean of squared gradients");
  visit("epsilon", &Options::epsilon, any_value(),
        "added to the root, so that nothing is divided by 0");
  visit("amsgrad", &Options::amsgrad, any_value(),
        "divides by the largest mean of squares so far: AMSGrad");
}

struct AdamOptions {
  static constexpr std::string_view class_name = "Adam";
  LearningRate learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-7;
  bool amsgrad = false;
  std::optional<double> weight_decay = {};
  std::optional<double> clipnorm = {};
  std::optional<double> clipvalue = {};
  std::optional<double> global_clipnorm = {};
  bool use_ema = false;
  double ema_momentum = 0.99;
  std::optional<std::int64_t> ema_overwrite_frequency = {};
  std::optional<double> loss_scale_factor = {};
  std::optional<std::int64_t> gradient_accumulation_steps = {};
  std::string name = "adam";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = AdamOptions;
    visit_learning_rate<Options>(visit);
    visit_adam_fields<Options>(visit);
    visit_optimizer_fields<Options>(visit);
  }
};

struct AdamWOptions {
  static constexpr std::string_view class_name = "AdamW";
  LearningRate learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-7;
  bool amsgrad = false;
  std::optional<double> weight_decay = 0.004;
  std::optional<double> clipnorm = {};
  std::optional<double> clipvalue = {};
  std::optional<double> global_clipnorm = {};
  bool use_ema = false;
  double ema_momentum = 0.99;
  std::optional<std::int64_t> ema_overwrite_frequency = {};
  std::optional<double> loss_scale_factor = {};
  std::optional<std::int64_t> gradient_accumulation_steps = {};
  std::string name = "adam_w";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = AdamWOptions;
    visit_learning_rate<Options>(visit);
    visit_adam_fields<Options>(visit);
    visit_optimizer_fields<Options>(visit);
  }
};
// Mean gradients divided by their root mean square (Kingma and Ba 2015). With the gradient g, m
// and v start from 0 and are divided by 1 - beta^step:
//   m = beta_1 m + (1 - beta_1) g    v = beta_2 v + (1 - beta_2) g^2
//   w = w - learning_rate m / (sqrt(v) + epsilon)
OptimizerPtr Adam(const AdamOptions& options = {});
// Adam that also takes off a fraction of each weight (Loshchilov and Hutter 2019): weight_decay
// times learning_rate times the weight.
OptimizerPtr AdamW(const AdamWOptions& options = {});

}  // namespace chronicler::optimizers
