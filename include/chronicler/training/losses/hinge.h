// Margins between two classes, -1 and 1.
#pragma once

#include <string>
#include <string_view>

#include "chronicler/training/loss.h"

namespace chronicler::losses {

struct HingeOptions {
  static constexpr std::string_view class_name = "Hinge";
  std::string reduction = "sum_over_batch_size";
  std::string name = "hinge";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = HingeOptions;
    visit_loss_fields<Options>(visit);
  }
};
// Margins between two classes, -1 and 1: the mean of max(0, 1 - y p).
LossPtr Hinge(const HingeOptions& options = {});

struct SquaredHingeOptions {
  static constexpr std::string_view class_name = "SquaredHinge";
  std::string reduction = "sum_over_batch_size";
  std::string name = "squared_hinge";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = SquaredHingeOptions;
    visit_loss_fields<Options>(visit);
  }
};
// Squared margins between two classes, -1 and 1: the mean of max(0, 1 - y p)^2.
LossPtr SquaredHinge(const SquaredHingeOptions& options = {});

}  // namespace chronicler::losses
