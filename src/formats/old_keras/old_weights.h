// Weights as earlier versions of Keras kept them: by layer, in the order of the layer.
#pragma once

#include <string>
#include <vector>

#include "chronicler/base/tensor.h"
#include "formats/weight_places.h"

namespace chronicler {

// One layer of a file, with what it holds inside.
struct LayerWeights {
  std::string layer;
  std::vector<Tensor> weights;
};

struct RenewedWeights {
  std::vector<Tensor> values;  // one for each place
  bool changed = false;        // some are not as the file has them
};

// The weights of one layer for its places.
//
// * Keras 1 kept each gate of LSTM and GRU by itself, and a second axis in the kernels of Conv1D.
// * CuDNNLSTM and CuDNNGRU keep the blocks of their gates transposed, and two biases.
// * Theano reads the kernels of convolutions from the end: `backend` is the file's.
//
// Throws Error if there are not as many as the places need.
RenewedWeights renewed_weights(const std::vector<WeightPlace>& places,
                               const std::vector<Tensor>& weights, const std::string& backend);

}  // namespace chronicler
