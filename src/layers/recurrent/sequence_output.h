// What a recurrent layer puts out of its states where steps are masked, and the way back.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/recurrence.h"

namespace chronicler {

// What a masked step puts out.
struct MaskedOutput {
  bool zero;  // always 0 (zero_output_for_mask)
  bool seen;  // there was an output before the first step of this call, the state it starts from
};

// The outputs of all steps of one row. As in Keras a masked step repeats the output before it;
// before the first step that counts there is none, and the output is 0, whatever the state.
// Returns whether there was an output by the end: what `seen` is for the steps that follow.
template <class Real>
bool write_sequence(const kernels::Recurrence<Real>& run, MaskedOutput masked, std::int64_t n,
                    Real* y) {
  bool seen = masked.seen;
  for (std::int64_t t = 0; t < run.steps; ++t) {
    const bool counts = run.mask == nullptr || run.mask[t * run.rows + n] != 0;
    seen = seen || counts;
    Real* out = y + t * run.units;
    if (counts || (seen && !masked.zero)) {
      const Real* state = run.hidden + ((t + 1) % run.state_slots * run.rows + n) * run.units;
      std::copy_n(state, run.units, out);
    } else {
      std::fill_n(out, run.units, Real{0});
    }
  }
  return seen;
}

// Whether the last output of row n is its last state (else it is 0).
template <class Real>
bool last_output_is_state(const kernels::Recurrence<Real>& run, MaskedOutput masked,
                          std::int64_t n) {
  if (run.mask == nullptr) return true;
  if (run.mask[(run.steps - 1) * run.rows + n] != 0) return true;
  if (masked.zero) return false;
  if (masked.seen) return true;
  for (std::int64_t t = 0; t < run.steps; ++t) {
    if (run.mask[t * run.rows + n] != 0) return true;
  }
  return false;
}

// Where the gradient of a step's output flows: to the state of the last step that counted. What
// belongs to a step before the first of this run is left in `carry`, which came from the steps
// after the last.
template <class Real>
void gather_sequence_gradient(const kernels::Recurrence<Real>& run, bool zero_masked,
                              std::int64_t n, const Real* dy, Real* carry, Real* states) {
  const std::int64_t units = run.units;
  for (std::int64_t t = run.steps; t-- > 0;) {
    const bool counts = run.mask == nullptr || run.mask[t * run.rows + n] != 0;
    Real* state = states + (t * run.rows + n) * units;
    const Real* from = dy + t * units;
    if (counts) {
      for (std::int64_t u = 0; u < units; ++u) state[u] = from[u] + carry[u];
      std::fill_n(carry, units, Real{0});
    } else {
      std::fill_n(state, units, Real{0});
      if (zero_masked) continue;
      for (std::int64_t u = 0; u < units; ++u) carry[u] += from[u];
    }
  }
}

}  // namespace chronicler
