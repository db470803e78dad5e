// The factors that dropout multiplies by inside a recurrent cell.
#pragma once

#include <cstdint>

#include "chronicler/layers/layer.h"

namespace chronicler {

// `count` numbers, each 0 or 1 / (1 - rate), in the arena; null if nothing is dropped. They are
// counted, not drawn one after another, so every step of a sequence that asks for the same stream
// gets the same ones.
template <class Real>
const Real* dropout_factors(Pass& pass, std::uint64_t seed, double rate, std::int64_t count,
                            std::uint64_t stream) {
  if (!pass.training || rate <= 0.0) return nullptr;
  const Random random(seed);
  auto* factors = pass.arena.array<Real>(count);
  const auto keep = static_cast<Real>(1.0 / (1.0 - rate));
  for (std::int64_t i = 0; i < count; ++i) {
    const bool drop =
        random.uniform(stream, static_cast<std::uint64_t>(i)) < static_cast<float>(rate);
    factors[i] = drop ? Real{0} : keep;
  }
  return factors;
}

}  // namespace chronicler
