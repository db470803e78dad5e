// Zoneout (Krueger et al. 2017): numbers of the states that stay as they were.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "chronicler/base/random.h"
#include "chronicler/layers/layer.h"
#include "kernels/dropout.h"

namespace chronicler {

// Keys of their own, so that zoneout and dropout do not drop the same units.
inline constexpr std::uint64_t hidden_zone_key = 0x9E3779B97F4A7C15U;
inline constexpr std::uint64_t cell_zone_key = 0xC2B2AE3D27D4EB4FU;

// The share of the old state that is kept in each number.
template <class Real>
Real* zone_of(Pass& pass, std::uint64_t seed, double rate, std::int64_t count, std::int64_t time) {
  if (rate <= 0.0) return nullptr;
  auto* kept = pass.arena.array<Real>(count);
  if (!pass.training) {
    std::fill_n(kept, count, static_cast<Real>(rate));
    return kept;
  }
  kernels::dropout_factors(Random(seed), pass.step, static_cast<std::uint64_t>(time * count), rate,
                           std::span<Real>(kept, static_cast<std::size_t>(count)));
  for (std::int64_t i = 0; i < count; ++i) kept[i] = kept[i] == Real{0} ? Real{1} : Real{0};
  return kept;
}

// The old and the new, mixed into `out`.
template <class Real>
void mix(const Real* kept, std::int64_t count, const Real* old, const Real* fresh, Real* out) {
  for (std::int64_t i = 0; i < count; ++i)
    out[i] = kept[i] * old[i] + (Real{1} - kept[i]) * fresh[i];
}

// The way back: what flows to the old and to the new. Null: nothing flows; no zones.
template <class Real>
void unmix(const Real* kept, std::int64_t count, const Real* flow, Real* old, Real* fresh) {
  if (flow == nullptr) {
    std::fill_n(old, count, Real{0});
    std::fill_n(fresh, count, Real{0});
  } else if (kept == nullptr) {
    std::fill_n(old, count, Real{0});
    std::copy_n(flow, count, fresh);
  } else {
    for (std::int64_t i = 0; i < count; ++i) {
      old[i] = kept[i] * flow[i];
      fresh[i] = (Real{1} - kept[i]) * flow[i];
    }
  }
}

}  // namespace chronicler
