// Binary cross-entropy of which what is sure already counts less (Lin et al. 2017): times (1 -
// q)^gamma, q the probability of what is true.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "chronicler/training/loss.h"

namespace chronicler::losses {

struct BinaryFocalCrossentropyOptions {
  static constexpr std::string_view class_name = "BinaryFocalCrossentropy";
  bool apply_class_balancing = false;
  double alpha = 0.25;
  double gamma = 2.0;
  bool from_logits = false;
  double label_smoothing = 0.0;
  std::int64_t axis = -1;
  std::string reduction = "sum_over_batch_size";
  std::string name = "binary_focal_crossentropy";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = BinaryFocalCrossentropyOptions;
    visit("apply_class_balancing", &Options::apply_class_balancing, any_value(),
          "weights the two classes by alpha");
    visit("alpha", &Options::alpha, any_value(),
          "weight of class 1 where classes are balanced; class 0 has 1 - alpha");
    visit("gamma", &Options::gamma, at_least(0.0),
          "how strongly confident predictions are discounted; 0: not at all");
    visit("from_logits", &Options::from_logits, any_value(),
          "predictions are logits, not probabilities");
    visit("label_smoothing", &Options::label_smoothing, between(0.0, 1.0),
          "how far targets are moved towards 0.5: 0 not at all, 1 all the way");
    visit("axis", &Options::axis, between(-1, -1),
          "axis over which the mean is taken: always the last");
    visit_loss_fields<Options>(visit);
  }
};
LossPtr BinaryFocalCrossentropy(const BinaryFocalCrossentropyOptions& options = {});

}  // namespace chronicler::losses
