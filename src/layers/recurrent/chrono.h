// Gates that remember for long from the start: Tallec and Ollivier 2018 (arXiv 1804.11188).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "chronicler/layers/options.h"

namespace chronicler {

// What add_weight is to start such a bias with: zeros instead of chrono, which only start_gates
// knows, any other initializer itself.
Initializer without_chrono(const Initializer& initializer);

// The bias of a layer with gates, or the row of it that belongs to the input.
struct GateBiases {
  TensorView row;  // (gates * units)
  std::int64_t units = 0;
  std::int64_t remembering = 0;                 // the gate whose opening keeps the state
  std::optional<std::int64_t> forgetting = {};  // the one that lets new input in, if it is apart
};

// Sets log(U(1, t_max - 1)) for the remembering gate and minus that for the other; draws from the
// initializer's own seed, else from next_seed(). Nothing if it is not chrono. `input`: what the
// layer is built for, whose steps are t_max if it is not given. Throws Error, with `layer` as the
// place, if they are not known.
void start_gates(const Initializer& initializer, const GateBiases& biases, const Shape& input,
                 const std::string& layer);

}  // namespace chronicler
