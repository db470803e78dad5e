// Squares of small errors, sizes of large ones (Huber 1964): the mean of e^2 / 2 where |e| is at
// most delta, else of delta |e| - delta^2 / 2.
#pragma once

#include <string>
#include <string_view>

#include "chronicler/training/loss.h"

namespace chronicler::losses {

struct HuberOptions {
  static constexpr std::string_view class_name = "Huber";
  double delta = 1.0;
  std::string reduction = "sum_over_batch_size";
  std::string name = "huber_loss";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = HuberOptions;
    visit("delta", &Options::delta, above(0.0),
          "error up to which the loss is quadratic; it is linear beyond");
    visit_loss_fields<Options>(visit);
  }
};
LossPtr Huber(const HuberOptions& options = {});

}  // namespace chronicler::losses
