// How LSTM, GRU and SimpleRNN learn along a stream.
#pragma once

#include <memory>

#include "kernels/activation.h"
#include "layers/core/learner.h"

namespace chronicler {

// A plain cell, with weights kernel, recurrent_kernel and bias as RecurrentLayer adds them.
struct SnapCell {
  enum class Kind : std::uint8_t { simple_rnn, lstm, gru } kind = Kind::simple_rnn;
  std::int64_t units = 0;
  kernels::Activation activation = kernels::Activation::tanh;
  kernels::Activation recurrent_activation = kernels::Activation::sigmoid;
  bool use_bias = true;
};

// SnAp-1 (Menick et al., "Practical real time recurrent learning with a sparse approximation",
// 2020): of how the state depends on the weights, what a weight says of the unit that it feeds is
// kept, as many numbers as there are weights (LSTM: twice). Exact for one unit, and for the last
// step's own part of the gradient.
std::unique_ptr<LayerLearner> make_snap_learner(const Layer& layer, const SnapCell& cell,
                                                State& state);

}  // namespace chronicler
