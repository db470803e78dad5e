// The cosine of the angle between predictions and targets, negative so that less is better:
// -sum(y p) / (|y| |p|).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "chronicler/training/loss.h"

namespace chronicler::losses {

struct CosineSimilarityOptions {
  static constexpr std::string_view class_name = "CosineSimilarity";
  std::int64_t axis = -1;
  std::string reduction = "sum_over_batch_size";
  std::string name = "cosine_similarity";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = CosineSimilarityOptions;
    visit("axis", &Options::axis, between(-1, -1), "axis of the vectors: always the last",
          FieldNotes{.is_extra = true});
    visit_loss_fields<Options>(visit);
  }
};
LossPtr CosineSimilarity(const CosineSimilarityOptions& options = {});

}  // namespace chronicler::losses
