// The run of a gated scan over a batch: its equation, and what forward keeps.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "chronicler/layers/layer.h"
#include "kernels/gated_scan.h"
#include "layers/scan/scan_plan.h"
#include "layers/scan/scan_sequence.h"

namespace chronicler {

// A cell of kernels/gated_scan.h over the projections x kernel + bias.
struct GatedEquation {
  kernels::GatedCell cell = kernels::GatedCell::min_gru;
  const Parameter* kernel = nullptr;  // (F, G U)
  const Parameter* bias = nullptr;    // (G U); may be null
  const Parameter* decay = nullptr;   // (U); where the cell has one

  std::int64_t features() const { return kernel->value.shape()[0]; }
  std::int64_t width() const { return kernel->value.shape()[1]; }
};

// The exponent of RGLRU's recurrence gate: c of De et al.
inline constexpr double recurrence_exponent = 8.0;

// log(sigmoid(x)), and (1 - sigmoid(x)) / log(sigmoid(x)), without cancellation.
inline double log_sigmoid(double x) {
  return std::min(x, 0.0) - std::log1p(std::exp(-std::abs(x)));
}
inline double log_sigmoid_slope_ratio(double x) {
  constexpr double far = 30.0;  // there, both are e^-x
  if (x > far) return -1.0;
  return 1.0 / (1.0 + std::exp(x)) / log_sigmoid(x);
}

// logs [U] = 8 log(sigmoid(decay)), as the kernel takes it.
template <class Real>
void decay_logs(const Parameter& decay, Real* logs) {
  const Real* from = decay.value.as<Real>();
  for (std::int64_t u = 0; u < decay.value.size(); ++u)
    logs[u] = static_cast<Real>(recurrence_exponent * log_sigmoid(static_cast<double>(from[u])));
}

// What forward keeps for backward.
template <class Real>
struct GatedRecord {
  std::int64_t rows = 0;
  std::int64_t steps = 0;
  std::int64_t units = 0;
  DroppedInput<Real> input;
  const kernels::StepUse* uses = nullptr;  // [B][T]
  Real* gates = nullptr;                   // [B][T][G*U]
  bool large = false;                      // the gates are more than a cache holds
  Real* hidden = nullptr;                  // [B][T][U]
  const Real* first = nullptr;             // [B][U]
  const Real* decay = nullptr;             // [U]

  // Whether the last output of a row is its state; else it is 0.
  bool ends_with_state(std::int64_t row) const {
    return uses == nullptr || uses[(row + 1) * steps - 1] != kernels::StepUse::idle;
  }
};

// Multiplications of all projections.
inline double projection_work(const GatedEquation& equation, std::int64_t rows,
                              std::int64_t steps) {
  return static_cast<double>(rows * steps) *
         static_cast<double>(equation.features() * equation.width());
}

}  // namespace chronicler
