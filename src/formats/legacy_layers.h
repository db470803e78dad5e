// Layers of Keras 2 that Keras 3 computes otherwise: what their options and weights become.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "chronicler/base/tensor.h"

namespace chronicler {

// How the next few weights of a layer change.
//
// * hard_sigmoid was clip(0.2 x + 0.5) and is clip(x / 6 + 0.5): with all that makes x times 1.2,
//   the new one gives what the old one gave.
// * CuDNNLSTM and CuDNNGRU keep the blocks of their gates transposed, and two biases.
struct LegacyChange {
  std::vector<double> factors = {};  // of the blocks of columns; none: nothing is scaled
  bool from_cudnn = false;
  bool is_gru = false;
  std::size_t weights = 0;  // how many it is about
};

// Renews the object of one layer, wrappers with what they hold, and says what its weights become;
// empty if they stay. Throws Error for an option that has no equal in Keras 3.
std::vector<LegacyChange> renew_legacy_layer(Json& object);

// The weights of a layer after these changes. Throws Error if there are not as many.
std::vector<Tensor> renewed_weights(const std::vector<Tensor>& weights,
                                    const std::vector<LegacyChange>& changes);

}  // namespace chronicler
