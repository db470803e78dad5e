// The mean of ln cosh of the errors: squares when small, sizes when large.
#pragma once

#include <string>
#include <string_view>

#include "chronicler/training/loss.h"

namespace chronicler::losses {

struct LogCoshOptions {
  static constexpr std::string_view class_name = "LogCosh";
  std::string reduction = "sum_over_batch_size";
  std::string name = "log_cosh";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = LogCoshOptions;
    visit_loss_fields<Options>(visit);
  }
};
LossPtr LogCosh(const LogCoshOptions& options = {});

}  // namespace chronicler::losses
