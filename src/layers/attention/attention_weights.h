// From scores to the weights of attention, and back.
#pragma once

#include <cstdint>

#include "kernels/softmax.h"

namespace chronicler {

// Which values a query may look at. As in Keras the others' scores are lowered by a billion, so
// that a query that may look at none looks at all.
struct AttentionMask {
  const std::uint8_t* values = nullptr;  // (B, Tv); null: all
  bool causal = false;                   // query q sees values 0 ... q
  std::int64_t value_count = 0;

  bool hides(std::int64_t row, std::int64_t query, std::int64_t value) const {
    if (causal && value > query) return true;
    return values != nullptr && values[row * value_count + value] == 0;
  }

  // Scores of one query to its weights, in place.
  template <class Real>
  void softmax(std::int64_t row, std::int64_t query, Real* line) const {
    constexpr Real billion{1e9};
    for (std::int64_t v = 0; v < value_count; ++v) {
      if (hides(row, query, v)) line[v] -= billion;
    }
    kernels::softmax_of_row(value_count, line);
  }
};

// dLoss/dweights to dLoss/dscores, in place.
template <class Real>
void softmax_backward(std::int64_t count, const Real* weights, Real* flow) {
  Real along{0};
  for (std::int64_t i = 0; i < count; ++i) along += weights[i] * flow[i];
  for (std::int64_t i = 0; i < count; ++i) flow[i] = weights[i] * (flow[i] - along);
}

}  // namespace chronicler
