// The mean of the sizes of errors: mean(|y - p|), in the unit of the targets.
#pragma once

#include <string>
#include <string_view>

#include "chronicler/training/loss.h"

namespace chronicler::losses {

struct MeanAbsoluteErrorOptions {
  static constexpr std::string_view class_name = "MeanAbsoluteError";
  std::string reduction = "sum_over_batch_size";
  std::string name = "mean_absolute_error";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = MeanAbsoluteErrorOptions;
    visit_loss_fields<Options>(visit);
  }
};
LossPtr MeanAbsoluteError(const MeanAbsoluteErrorOptions& options = {});

}  // namespace chronicler::losses
