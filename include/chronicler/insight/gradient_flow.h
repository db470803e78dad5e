// How far back a network learns: the gradient that reaches each earlier step, measured.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chronicler/base/tensor.h"
#include "chronicler/training/loss.h"

namespace chronicler {
class Model;
}

namespace chronicler::insight {

// What comes to one recurrent layer of the gradient of an answer's loss.
struct GradientFlow {
  std::string layer;  // its name
  // [k]: |dL/dh| of its output h, k steps before the last one that it processed: the Euclidean norm
  // over its units of each sequence's own gradient, all paths together; the mean over sequences.
  std::vector<double> norm;
};

struct GradientFlowOptions {
  LossOption loss = {};     // empty: the one that the model was compiled with
  std::string output = {};  // name of the model's output that y is for; empty: the first
};

// Measures every recurrent layer of the model, in the order of the layers, on sequences x (one
// tensor for each input) with targets y, without dropout. L is one sequence's loss at its last
// step, also where the model answers at every step (Pascanu, Mikolov, Bengio: "On the difficulty of
// training recurrent neural networks", 2013). Weights and carried states stay as they are. Layers
// that nothing before them could learn through (frozen, on ids) are left out. Throws Error without
// any loss, for data that the model or the loss cannot take, and for a model without recurrent
// layers.
std::vector<GradientFlow> gradient_flow(Model& model, const TensorList& x, const Tensor& y,
                                        const GradientFlowOptions& options = {});

// The smallest k from which on every norm is below `share` of the last step's, norm[0]; empty if
// that never happens within the sequence. 0.5 gives the half-life, 0.001 the gradient's horizon.
std::optional<std::int64_t> steps_until(const std::vector<double>& norm, double share);

}  // namespace chronicler::insight
