// The margin between the right class and the best of the others: max(0, 1 + max((1 - y) p) -
// sum(y p)).
#pragma once

#include <string>
#include <string_view>

#include "chronicler/training/loss.h"

namespace chronicler::losses {

struct CategoricalHingeOptions {
  static constexpr std::string_view class_name = "CategoricalHinge";
  std::string reduction = "sum_over_batch_size";
  std::string name = "categorical_hinge";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = CategoricalHingeOptions;
    visit_loss_fields<Options>(visit);
  }
};
LossPtr CategoricalHinge(const CategoricalHingeOptions& options = {});

}  // namespace chronicler::losses
