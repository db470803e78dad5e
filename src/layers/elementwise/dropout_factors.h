// The factors that dropout multiplies by inside a recurrent cell.
#pragma once

#include <cstdint>
#include <span>

#include "chronicler/layers/layer.h"
#include "kernels/dropout.h"

namespace chronicler {

// `count` numbers, each 0 or 1 / (1 - rate), in the arena; null if nothing is dropped. They are
// counted, not drawn one after another, so every step of a sequence that asks for the same stream
// gets the same ones.
template <class Real>
const Real* dropout_factors(Pass& pass, std::uint64_t seed, double rate, std::int64_t count,
                            std::uint64_t stream) {
  if (!pass.training || rate <= 0.0) return nullptr;
  auto* factors = pass.arena.array<Real>(count);
  kernels::dropout_factors(Random(seed), stream, 0, rate,
                           std::span<Real>(factors, static_cast<std::size_t>(count)));
  return factors;
}

}  // namespace chronicler
