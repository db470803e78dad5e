// The mean of squared differences of logarithms: mean((ln(1 + y) - ln(1 + p))^2).
#pragma once

#include <string>
#include <string_view>

#include "chronicler/training/loss.h"

namespace chronicler::losses {

struct MeanSquaredLogarithmicErrorOptions {
  static constexpr std::string_view class_name = "MeanSquaredLogarithmicError";
  std::string reduction = "sum_over_batch_size";
  std::string name = "mean_squared_logarithmic_error";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = MeanSquaredLogarithmicErrorOptions;
    visit_loss_fields<Options>(visit);
  }
};
LossPtr MeanSquaredLogarithmicError(const MeanSquaredLogarithmicErrorOptions& options = {});

}  // namespace chronicler::losses
