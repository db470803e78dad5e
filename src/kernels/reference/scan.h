// Linear recurrences as their equations read: the contract is kernels/scan.h.
#pragma once

#include <cstdint>

#include "kernels/scan.h"

namespace chronicler::kernels::reference {

template <class Real>
void scan_forward(const Scan<Real>& run, Range units) {
  for (std::int64_t t = 0; t < run.steps; ++t) {
    for (std::int64_t u = units.begin; u < units.end; ++u) {
      const std::int64_t at = t * run.units + u;
      run.hidden[at] = run.state[u] = run.a[at] * run.state[u] + run.b[at];
    }
  }
}

template <class Real>
void scan_backward(const Scan<Real>& run, const ScanGradient<Real>& gradient, Range units) {
  for (std::int64_t t = run.steps; t-- > 0;) {
    for (std::int64_t u = units.begin; u < units.end; ++u) {
      const std::int64_t at = t * run.units + u;
      const Real before = t > 0 ? gradient.hidden[at - run.units] : gradient.before[u];
      const Real d = gradient.output[at] + gradient.state[u];
      gradient.b[at] = d;
      gradient.a[at] = d * before;
      gradient.state[u] = d * run.a[at];
    }
  }
}

template <class Real>
void scan_summary(const Scan<Real>& run, Real* product, Real* end) {
  for (std::int64_t t = 0; t < run.steps; ++t) {
    for (std::int64_t u = 0; u < run.units; ++u) {
      const std::int64_t at = t * run.units + u;
      product[u] *= run.a[at];
      end[u] = run.a[at] * end[u] + run.b[at];
    }
  }
}

template <class Real>
void scan_back_summary(const Scan<Real>& run, const Real* output, Real* product, Real* start) {
  for (std::int64_t t = run.steps; t-- > 0;) {
    for (std::int64_t u = 0; u < run.units; ++u) {
      const std::int64_t at = t * run.units + u;
      product[u] *= run.a[at];
      start[u] = run.a[at] * (output[at] + start[u]);
    }
  }
}

}  // namespace chronicler::kernels::reference
