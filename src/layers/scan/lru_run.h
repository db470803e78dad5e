// The run of an LRU over a batch: its equation, what forward keeps, and what both ways share.
#pragma once

#include <algorithm>
#include <cstdint>

#include "chronicler/layers/layer.h"
#include "kernels/gemm.h"
#include "layers/scan/scan_plan.h"
#include "layers/scan/scan_sequence.h"

namespace chronicler {

// Real and imaginary part of h, (B, N) each, and the output that a masked step repeats, (B, U).
inline constexpr std::size_t lru_states = 3;

// h = lambda h' + e^gamma (x kernel), y = [Re h, Im h] output_kernel + x skip_kernel + bias.
struct LruEquation {
  const Parameter* kernel = nullptr;         // (F, 2N)
  const Parameter* nu = nullptr;             // (N)
  const Parameter* theta = nullptr;          // (N)
  const Parameter* gamma = nullptr;          // (N)
  const Parameter* output_kernel = nullptr;  // (2N, U)
  const Parameter* skip_kernel = nullptr;    // (F, U); may be null
  const Parameter* bias = nullptr;           // (U); may be null

  std::int64_t features() const { return kernel->value.shape()[0]; }
  std::int64_t numbers() const { return nu->value.shape()[0]; }
  std::int64_t units() const { return output_kernel->value.shape()[1]; }
};

// What forward keeps for backward.
template <class Real>
struct LruRecord {
  ScanPlan plan;
  DroppedInput<Real> input;
  const kernels::StepUse* uses = nullptr;  // [B][T]
  const Real* lambda = nullptr;            // [2N]
  const Real* gamma = nullptr;             // [N]
  Real* inputs = nullptr;                  // [B][T][2N]
  Real* hidden = nullptr;                  // [B][T][2N]
  const Real* real = nullptr;              // [B][N]  the state before the first step
  const Real* imaginary = nullptr;         // [B][N]

  kernels::StepUse use(std::int64_t row, std::int64_t t) const {
    return uses == nullptr ? kernels::StepUse::counts : uses[row * plan.steps + t];
  }
  const kernels::StepUse* uses_from(std::int64_t at) const {
    return uses == nullptr ? nullptr : uses + at;
  }
  // The last step of a row that counts, or -1.
  std::int64_t last_counted(std::int64_t row) const {
    std::int64_t t = plan.steps - 1;
    while (t >= 0 && use(row, t) != kernels::StepUse::counts) --t;
    return t;
  }
};

// A weight, or its transpose, as products read it; null for none.
template <class Real>
const Real* packed_weight(Arena& arena, const Parameter* weight, bool transposed) {
  if (weight == nullptr) return nullptr;
  const std::int64_t columns = weight->value.shape()[1];
  const std::int64_t k = transposed ? columns : weight->value.shape()[0];
  const std::int64_t n = transposed ? weight->value.shape()[0] : columns;
  Real* packed = arena.array<Real>(kernels::packed_size<Real>(k, n));
  kernels::pack(k, n, weight->value.as<Real>(), columns, transposed, packed);
  return packed;
}

}  // namespace chronicler
