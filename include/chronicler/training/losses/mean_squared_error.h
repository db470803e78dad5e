// The mean of squared errors: mean((y - p)^2), in the square of the unit of the targets.
#pragma once

#include <string>
#include <string_view>

#include "chronicler/training/loss.h"

namespace chronicler::losses {

struct MeanSquaredErrorOptions {
  static constexpr std::string_view class_name = "MeanSquaredError";
  std::string reduction = "sum_over_batch_size";
  std::string name = "mean_squared_error";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = MeanSquaredErrorOptions;
    visit_loss_fields<Options>(visit);
  }
};
LossPtr MeanSquaredError(const MeanSquaredErrorOptions& options = {});

}  // namespace chronicler::losses
