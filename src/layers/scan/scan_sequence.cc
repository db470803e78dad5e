#include "layers/scan/scan_sequence.h"

#include <algorithm>
#include <span>

#include "chronicler/base/random.h"
#include "kernels/dropout.h"
#include "kernels/gemm.h"

namespace chronicler {

const kernels::StepUse* step_uses(const Pass& pass, const ScanFlags& flags,
                                  const TensorView& mask) {
  using kernels::StepUse;
  if (!mask) return nullptr;
  const std::int64_t rows = mask.shape()[0];
  const std::int64_t steps = mask.shape()[1];
  auto* uses = pass.arena.array<StepUse>(rows * steps);
  for (std::int64_t n = 0; n < rows; ++n) {
    const auto* counts = mask.as<std::uint8_t>() + n * steps;
    bool seen = pass.continues;
    for (std::int64_t t = 0; t < steps; ++t) {
      StepUse use = seen && !flags.zero_output_for_mask ? StepUse::repeats : StepUse::idle;
      if (counts[flags.go_backwards ? steps - 1 - t : t] != 0) {
        use = StepUse::counts;
        seen = true;
      }
      uses[n * steps + t] = use;
    }
  }
  return uses;
}

namespace {

// Below this many numbers a second thread costs more than it brings.
constexpr std::int64_t small = 50'000;

// x[n][t][f] = factors[n][f] from[n][t][f]; may be in place.
template <class Real>
void multiply_rows(const Pass& pass, const Real* factors, const TensorView& from,
                   const TensorView& to) {
  const std::int64_t rows = from.shape()[0];
  const std::int64_t steps = from.shape()[1];
  const std::int64_t features = from.shape()[2];
  const std::int64_t pieces = from.size() < small ? 1 : std::min<std::int64_t>(steps, 16);
  pass.runtime.parallel(rows * pieces, [&](std::int64_t task) {
    const std::int64_t n = task / pieces;
    const std::int64_t piece = task % pieces;
    const Real* factor = factors + n * features;
    for (std::int64_t t = steps * piece / pieces; t < steps * (piece + 1) / pieces; ++t) {
      const Real* in = from.as<Real>() + (n * steps + t) * features;
      Real* out = to.as<Real>() + (n * steps + t) * features;
      for (std::int64_t f = 0; f < features; ++f) out[f] = factor[f] * in[f];
    }
  });
}

}  // namespace

template <class Real>
DroppedInput<Real> drop_input(const Pass& pass, const ScanFlags& flags, const TensorView& x) {
  if (!pass.training || flags.dropout == 0.0) return {nullptr, x};
  const std::int64_t count = x.shape()[0] * x.shape()[2];
  auto* factors = pass.arena.array<Real>(count);
  kernels::dropout_factors(Random(flags.seed), 2 * pass.step, 0, flags.dropout,
                           std::span(factors, static_cast<std::size_t>(count)));
  const TensorView dropped = pass.arena.tensor(x.shape(), x.dtype());
  multiply_rows(pass, factors, x, dropped);
  return {factors, dropped};
}

template <class Real>
void drop_gradient(const Pass& pass, const Real* factors, const TensorView& dx) {
  if (factors != nullptr) multiply_rows(pass, factors, dx, dx);
}

TensorView given_state(const Call& call, std::size_t index) {
  if (call.inputs.size() > 1) return call.inputs[index + 1].data;
  return call.state.empty() ? TensorView() : TensorView(call.state[index]);
}

template <class Real>
Real* state_copy(Arena& arena, const TensorView& given, std::int64_t count) {
  Real* state = arena.array<Real>(count);
  if (given) {
    std::copy_n(given.as<Real>(), count, state);
  } else {
    std::fill_n(state, count, Real{0});
  }
  return state;
}

// Shares of the columns, or of the features where there are few columns: each sum is one chain over
// all rows and steps.
template <class Real>
void add_kernel_gradient(Pass& pass, const ScanInput<const Real>& x, std::int64_t rows,
                         std::int64_t steps, std::int64_t columns, const Real* d, Real* kernel) {
  const double work = static_cast<double>(rows * steps) * static_cast<double>(columns) *
                      static_cast<double>(x.features);
  const std::int64_t threads = work < 400e3 ? 1 : pass.runtime.threads();
  constexpr std::int64_t panel = 64;
  const std::int64_t panels = (columns + panel - 1) / panel;
  const bool by_columns = panels >= threads;
  const std::int64_t shares = std::min(threads, by_columns ? panels : x.features);
  const bool in_one = x.step_stride > 0 && x.row_stride == steps * x.step_stride;
  pass.runtime.parallel(shares, [&](std::int64_t share) {
    kernels::Range outputs{0, columns};
    kernels::Range inputs{0, x.features};
    if (by_columns) {
      outputs = {panels * share / shares * panel,
                 std::min(columns, panels * (share + 1) / shares * panel)};
    } else {
      inputs = {x.features * share / shares, x.features * (share + 1) / shares};
    }
    const auto add = [&](std::int64_t n, std::int64_t count) {
      kernels::gemm_outer(inputs.size(), outputs.size(), count, x.at(0, n) + inputs.begin,
                          x.step_stride, d + n * steps * columns + outputs.begin, columns,
                          kernel + inputs.begin * columns + outputs.begin, columns);
    };
    if (in_one) return add(0, rows * steps);
    for (std::int64_t n = 0; n < rows; ++n) add(n, steps);
  });
}

template <class Real>
void add_row_sums(std::int64_t rows, std::int64_t count, const Real* from, Real* to) {
  kernels::add_rows(count, rows, from, count, to);
}

template DroppedInput<float> drop_input(const Pass&, const ScanFlags&, const TensorView&);
template DroppedInput<double> drop_input(const Pass&, const ScanFlags&, const TensorView&);
template void drop_gradient(const Pass&, const float*, const TensorView&);
template void drop_gradient(const Pass&, const double*, const TensorView&);
template float* state_copy(Arena&, const TensorView&, std::int64_t);
template double* state_copy(Arena&, const TensorView&, std::int64_t);
template void add_kernel_gradient(Pass&, const ScanInput<const float>&, std::int64_t, std::int64_t,
                                  std::int64_t, const float*, float*);
template void add_kernel_gradient(Pass&, const ScanInput<const double>&, std::int64_t, std::int64_t,
                                  std::int64_t, const double*, double*);
template void add_row_sums(std::int64_t, std::int64_t, const float*, float*);
template void add_row_sums(std::int64_t, std::int64_t, const double*, double*);

}  // namespace chronicler
