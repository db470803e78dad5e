// The cross-entropy of a distribution over classes against one that is given, often one 1 and
// zeros: -sum(y ln p).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "chronicler/training/loss.h"

namespace chronicler::losses {

struct CategoricalCrossentropyOptions {
  static constexpr std::string_view class_name = "CategoricalCrossentropy";
  bool from_logits = false;
  double label_smoothing = 0.0;
  std::int64_t axis = -1;
  std::string reduction = "sum_over_batch_size";
  std::string name = "categorical_crossentropy";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = CategoricalCrossentropyOptions;
    visit("from_logits", &Options::from_logits, any_value(),
          "predictions are logits, not probabilities");
    visit("label_smoothing", &Options::label_smoothing, between(0.0, 1.0),
          "fraction of each target that is spread evenly over the classes");
    visit("axis", &Options::axis, between(-1, -1), "axis of the classes: always the last");
    visit_loss_fields<Options>(visit);
  }
};
LossPtr CategoricalCrossentropy(const CategoricalCrossentropyOptions& options = {});

}  // namespace chronicler::losses
