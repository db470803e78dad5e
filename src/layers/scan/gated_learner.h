// How MinGRU, MinLSTM and RGLRU learn along a stream: exactly, as no unit sees another.
#pragma once

#include <memory>

#include "kernels/gated_scan.h"
#include "layers/core/learner.h"

namespace chronicler {

struct GatedLearnerCell {
  kernels::GatedCell cell = kernels::GatedCell::min_gru;
  std::int64_t units = 0;
  bool has_bias = true;
  double decay_factor = 0.0;  // log a = recurrence gate * decay_factor * log(sigmoid(decay))
};

// Real-time recurrent learning of an element-wise recurrence (Zucchet et al., "Online learning of
// long-range dependencies", 2023): a number is carried for each weight, and the gradient is that of
// the whole sequence. The layer's weights: kernel, bias if there is one, decay if the cell has one.
std::unique_ptr<LayerLearner> make_gated_learner(const Layer& layer, const GatedLearnerCell& cell,
                                                 State& state);

}  // namespace chronicler
