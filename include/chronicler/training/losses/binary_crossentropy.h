// The cross-entropy of independent yes-or-no probabilities: the mean of -(y ln p + (1 - y) ln(1
// - p)).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "chronicler/training/loss.h"

namespace chronicler::losses {

struct BinaryCrossentropyOptions {
  static constexpr std::string_view class_name = "BinaryCrossentropy";
  bool from_logits = false;
  double label_smoothing = 0.0;
  std::int64_t axis = -1;
  std::string reduction = "sum_over_batch_size";
  std::string name = "binary_crossentropy";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = BinaryCrossentropyOptions;
    visit("from_logits", &Options::from_logits, any_value(),
          "predictions are logits, not probabilities");
    visit("label_smoothing", &Options::label_smoothing, between(0.0, 1.0),
          "how far targets are moved towards 0.5: 0 not at all, 1 all the way");
    visit("axis", &Options::axis, between(-1, -1),
          "axis over which the mean is taken: always the last");
    visit_loss_fields<Options>(visit);
  }
};
LossPtr BinaryCrossentropy(const BinaryCrossentropyOptions& options = {});

}  // namespace chronicler::losses
