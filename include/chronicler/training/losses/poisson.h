// Counts: the negative logarithm of a Poisson distribution's probability, but for a constant:
// mean(p - y ln p).
#pragma once

#include <string>
#include <string_view>

#include "chronicler/training/loss.h"

namespace chronicler::losses {

struct PoissonOptions {
  static constexpr std::string_view class_name = "Poisson";
  std::string reduction = "sum_over_batch_size";
  std::string name = "poisson";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = PoissonOptions;
    visit_loss_fields<Options>(visit);
  }
};
LossPtr Poisson(const PoissonOptions& options = {});

}  // namespace chronicler::losses
