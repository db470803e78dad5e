// How far a predicted distribution is from that of the targets (Kullback, Leibler 1951): sum(y
// ln(y / p)).
#pragma once

#include <string>
#include <string_view>

#include "chronicler/training/loss.h"

namespace chronicler::losses {

struct KLDivergenceOptions {
  static constexpr std::string_view class_name = "KLDivergence";
  std::string reduction = "sum_over_batch_size";
  std::string name = "kl_divergence";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = KLDivergenceOptions;
    visit_loss_fields<Options>(visit);
  }
};
LossPtr KLDivergence(const KLDivergenceOptions& options = {});

}  // namespace chronicler::losses
