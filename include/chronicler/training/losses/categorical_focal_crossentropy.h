// Cross-entropy over classes of which what is sure already counts less (Lin et al. 2017):
// -sum(alpha (1 - p)^gamma y ln p).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "chronicler/training/loss.h"

namespace chronicler::losses {

struct CategoricalFocalCrossentropyOptions {
  static constexpr std::string_view class_name = "CategoricalFocalCrossentropy";
  double alpha = 0.25;
  double gamma = 2.0;
  bool from_logits = false;
  double label_smoothing = 0.0;
  std::int64_t axis = -1;
  std::string reduction = "sum_over_batch_size";
  std::string name = "categorical_focal_crossentropy";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = CategoricalFocalCrossentropyOptions;
    visit("alpha", &Options::alpha, any_value(), "factor of every class");
    visit("gamma", &Options::gamma, at_least(0.0),
          "how strongly confident predictions are discounted; 0: not at all");
    visit("from_logits", &Options::from_logits, any_value(),
          "predictions are logits, not probabilities");
    visit("label_smoothing", &Options::label_smoothing, between(0.0, 1.0),
          "fraction of each target that is spread evenly over the classes");
    visit("axis", &Options::axis, between(-1, -1), "axis of the classes: always the last");
    visit_loss_fields<Options>(visit);
  }
};
LossPtr CategoricalFocalCrossentropy(const CategoricalFocalCrossentropyOptions& options = {});

}  // namespace chronicler::losses
