// The cross-entropy of a distribution over classes against a label: -ln p[label]. Labels (B,
// ...) are whole numbers from 0, predictions (B, ..., classes).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "chronicler/training/loss.h"

namespace chronicler::losses {

struct SparseCategoricalCrossentropyOptions {
  static constexpr std::string_view class_name = "SparseCategoricalCrossentropy";
  bool from_logits = false;
  std::optional<std::int64_t> ignore_class = {};
  std::int64_t axis = -1;
  std::string reduction = "sum_over_batch_size";
  std::string name = "sparse_categorical_crossentropy";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = SparseCategoricalCrossentropyOptions;
    visit("from_logits", &Options::from_logits, any_value(),
          "predictions are logits, not probabilities");
    visit("ignore_class", &Options::ignore_class, any_value(),
          "label whose predictions are left out of the loss");
    visit("axis", &Options::axis, between(-1, -1), "axis of the classes: always the last",
          FieldNotes{.is_extra = true});
    visit_loss_fields<Options>(visit);
  }
};
LossPtr SparseCategoricalCrossentropy(const SparseCategoricalCrossentropyOptions& options = {});

}  // namespace chronicler::losses
