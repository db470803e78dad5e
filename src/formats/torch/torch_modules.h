// The layers of a model as PyTorch's modules.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chronicler/model/model.h"

namespace chronicler {

// One module of PyTorch: a layer, or one direction of one.
struct TorchModule {
  std::string kind;                // "LSTM", "GRU", "SimpleRNN", "Dense", ...
  std::string layer;               // whose it is
  std::vector<std::string> paths;  // of the layer's weights, in its order
  std::vector<Parameter*> weights;
  bool reversed = false;  // the other direction of the module before
};

// LSTM, GRU and SimpleRNN.
bool is_recurrent(std::string_view kind);

// In the order of the layers. Throws Error for one that has no equal in PyTorch.
std::vector<TorchModule> modules_of(const Model& model);

}  // namespace chronicler
