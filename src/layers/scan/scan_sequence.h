// What the layers on a scan do with a sequence around it: masks, states, dropout, weight gradients.
#pragma once

#include <cstdint>
#include <span>
#include <type_traits>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/layers/layer.h"
#include "kernels/gated_scan.h"
#include "layers/convolution/sequence_checks.h"

namespace chronicler {

// The options that all of these layers have.
struct ScanFlags {
  std::int64_t units = 0;
  bool return_sequences = false;
  bool return_state = false;
  bool go_backwards = false;
  bool stateful = false;
  bool zero_output_for_mask = false;
  double dropout = 0.0;
  std::uint64_t seed = 0;
};
template <class Options>
ScanFlags scan_flags(const Options& options, std::uint64_t drawn_seed) {
  return {
      options.units,        options.return_sequences,
      options.return_state, options.go_backwards,
      options.stateful,     options.zero_output_for_mask,
      options.dropout,      options.seed ? static_cast<std::uint64_t>(*options.seed) : drawn_seed};
}

// What is done with each step of each row, [B][T] in the order of the scan; null: no mask. As in
// Keras a masked step repeats the output before it; before the first step that counts there is
// none, and the output is 0, whatever the state.
const kernels::StepUse* step_uses(const Pass& pass, const ScanFlags& flags, const TensorView& mask);

// The sequence as the scan walks over it: step t of row n is at(t, n).
template <class Real>
struct ScanInput {
  Real* data = nullptr;
  std::int64_t features = 0;
  std::int64_t row_stride = 0;
  std::int64_t step_stride = 0;  // negative, with data at the last step, for a layer that goes
                                 // backwards

  Real* at(std::int64_t t, std::int64_t n) const { return data + t * step_stride + n * row_stride; }
  ScanInput from(std::int64_t t, std::int64_t n) const {
    return {at(t, n), features, row_stride, step_stride};
  }
};
template <class Real>
ScanInput<Real> scan_input(const TensorView& x, bool backwards) {
  const std::int64_t steps = x.shape()[1];
  const std::int64_t features = x.shape()[2];
  return {x.as<std::remove_const_t<Real>>() + (backwards ? (steps - 1) * features : 0), features,
          steps * features, backwards ? -features : features};
}

// Dropout, one factor for each row and feature over all steps: the factors [B][F], or null, and x
// with them, or x itself.
template <class Real>
struct DroppedInput {
  const Real* factors = nullptr;
  TensorView x;
};
template <class Real>
DroppedInput<Real> drop_input(const Pass& pass, const ScanFlags& flags, const TensorView& x);
// The way back, in place.
template <class Real>
void drop_gradient(const Pass& pass, const Real* factors, const TensorView& dx);

// The state that a call starts from: given as an input, or carried; empty for zeros.
TensorView given_state(const Call& call, std::size_t index);
// `count` numbers in the arena that start with those of `given`, or with 0.
template <class Real>
Real* state_copy(Arena& arena, const TensorView& given, std::int64_t count);

// kernel [F][columns] += x^T d, d [B][T][columns] in the order of the scan.
template <class Real>
void add_kernel_gradient(Pass& pass, const ScanInput<const Real>& x, std::int64_t rows,
                         std::int64_t steps, std::int64_t columns, const Real* d, Real* kernel);
// to += rows of `from` [rows][count], in their order.
template <class Real>
void add_row_sums(std::int64_t rows, std::int64_t count, const Real* from, Real* to);

// Throws Error unless (batch, steps, features) with known features. who() names the layer.
template <class Who>
void check_scan_shape(const Who& who, std::span<const Shape> inputs) {
  if (inputs.empty() || inputs[0].rank() != 3) {
    const std::string got = inputs.empty() ? "nothing" : inputs[0].to_string();
    throw Error(fmt::format("{} needs 3-D input (batch, steps, features), got {}", who(), got),
                "set return_sequences=true on the layer before it, or give the data a features "
                "axis");
  }
  if (inputs[0][2] <= 0) {
    throw Error(
        fmt::format("{} needs a known number of features, got {}", who(), inputs[0].to_string()),
        "give the last axis of input_shape");
  }
}

// Throws Error unless a sequence that the kernel fits, and all initial states or none.
template <class Who>
void check_scan_inputs(const Who& who, const Layer& layer, std::span<const Value> inputs,
                       std::span<const Shape> states) {
  if (inputs.size() != 1 && inputs.size() != 1 + states.size()) {
    throw Error(
        fmt::format("{} takes a sequence, or a sequence and {} initial state{}, got {} inputs",
                    who(), states.size(), states.size() == 1 ? "" : "s", inputs.size()));
  }
  const Shape& x = inputs[0].data.shape();
  check_scan_shape(who, std::span(&x, 1));
  const std::int64_t features = layer.parameters()[0].value.shape()[0];
  if (x[2] != features) {
    throw Error(fmt::format("{}: input has {} features per step, its kernel was built for {}",
                            who(), x[2], features),
                "check the order and number of the columns");
  }
  if (x[1] == 0)
    throw Error(fmt::format("{} needs at least one step, got {}", who(), x.to_string()));
  check_step_mask(who, inputs[0]);
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    if (inputs[i].data.shape() == states[i - 1]) continue;
    throw Error(fmt::format("{}: initial state {} must be {}, got {}", who(), i - 1,
                            states[i - 1].to_string(), inputs[i].data.shape().to_string()));
  }
}

}  // namespace chronicler
