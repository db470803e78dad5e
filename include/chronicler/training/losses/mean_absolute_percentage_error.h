// The mean of errors as parts of a hundred of their targets: 100 mean(|y - p| / |y|).
#pragma once

#include <string>
#include <string_view>

#include "chronicler/training/loss.h"

namespace chronicler::losses {

struct MeanAbsolutePercentageErrorOptions {
  static constexpr std::string_view class_name = "MeanAbsolutePercentageError";
  std::string reduction = "sum_over_batch_size";
  std::string name = "mean_absolute_percentage_error";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = MeanAbsolutePercentageErrorOptions;
    visit_loss_fields<Options>(visit);
  }
};
LossPtr MeanAbsolutePercentageError(const MeanAbsolutePercentageErrorOptions& options = {});

}  // namespace chronicler::losses
