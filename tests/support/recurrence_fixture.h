// One run of a recurrent cell with memory of its own, filled with made-up numbers: the same for
// float and double.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "kernels/recurrence.h"

namespace chronicler::test {

// ---- Memory

template <class T>
struct CacheAligned {
  using value_type = T;
  static constexpr std::align_val_t alignment{64};

  CacheAligned() = default;
  template <class Other>
  CacheAligned(const CacheAligned<Other>&) {
  }  // NOLINT(google-explicit-constructor): allocators convert

  T* allocate(std::size_t count) {
    return static_cast<T*>(::operator new(count * sizeof(T), alignment));
  }
  void deallocate(T* pointer, std::size_t) { ::operator delete(pointer, alignment); }
  friend bool operator==(CacheAligned, CacheAligned) { return true; }
};

template <class Real>
using Memory = std::vector<Real, CacheAligned<Real>>;

// What a kernel must not read before it has written it.
template <class Real>
Memory<Real> undefined(std::int64_t count) {
  return Memory<Real>(static_cast<std::size_t>(count), std::numeric_limits<Real>::quiet_NaN());
}

// A float in [-1, 1) that looks random (splitmix64), whatever type it is kept in.
inline float noise_at(std::uint64_t seed, std::int64_t index) {
  std::uint64_t bits =
      (seed << 40U) + 0x9e3779b97f4a7c15U * (static_cast<std::uint64_t>(index) + 1);
  bits = (bits ^ (bits >> 30U)) * 0xbf58476d1ce4e5b9U;
  bits = (bits ^ (bits >> 27U)) * 0x94d049bb133111ebU;
  bits ^= bits >> 31U;
  return static_cast<float>(bits >> 40U) * 0x1p-23F - 1.0F;
}

template <class Real>
Memory<Real> noise(std::int64_t count, std::uint64_t seed, float scale = 1.0F) {
  Memory<Real> memory(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    memory[static_cast<std::size_t>(i)] = static_cast<Real>(scale * noise_at(seed, i));
  }
  return memory;
}

// ---- What is run

enum class Masking : std::uint8_t { none, right, left, holes, whole_rows };
enum class Dropping : std::uint8_t { none, input, recurrent, both };

struct RecurrenceCase {
  std::int64_t steps = 4;
  std::int64_t rows = 3;
  std::int64_t features = 3;
  std::int64_t units = 4;
  kernels::Activation activation = kernels::Activation::tanh;
  kernels::Activation recurrent_activation = kernels::Activation::sigmoid;
  bool reset_after = true;
  bool bias = true;
  bool backwards = false;
  Masking masking = Masking::none;
  Dropping dropping = Dropping::none;
  std::int64_t heads = 1;
  bool exponential_forget = false;
};

inline std::string describe(const RecurrenceCase& c) {
  return fmt::format(
      "steps {}, rows {}, features {}, units {}, {}, {}, reset_after {}, bias {}, backwards {}, "
      "mask {}, dropout {}, heads {}, exponential_forget {}",
      c.steps, c.rows, c.features, c.units, kernels::name_of(c.activation),
      kernels::name_of(c.recurrent_activation), c.reset_after, c.bias, c.backwards,
      static_cast<int>(c.masking), static_cast<int>(c.dropping), c.heads, c.exponential_forget);
}

inline bool counts(const RecurrenceCase& c, std::int64_t t, std::int64_t n) {
  switch (c.masking) {
    case Masking::none:
      return true;
    case Masking::right:  // row 0 is whole
      return t < c.steps - n % c.steps;
    case Masking::left:
      return t >= n % c.steps;
    case Masking::holes:
      return (t * 3 + n * 5) % 4 != 0;
    case Masking::whole_rows:  // every second row, from the second
      return n % 2 == 0;
  }
  return true;
}

// ---- A run and its gradients, ready for training

template <class Real>
class RecurrenceFixture {
 public:
  RecurrenceFixture(const kernels::CellKernels<Real>& cell_kernels, const RecurrenceCase& the_case)
      : kernels(cell_kernels), c(the_case) {
    shape();
    fill_inputs();
    fill_memory();
    fill_gradients();
  }
  RecurrenceFixture(const RecurrenceFixture&) = delete;  // run and gradient point into it
  RecurrenceFixture& operator=(const RecurrenceFixture&) = delete;

  // `size` cut into pieces as equal as may be.
  static std::vector<kernels::Range> cut(std::int64_t size, std::int64_t pieces) {
    std::vector<kernels::Range> ranges;
    for (std::int64_t i = 0; i < pieces; ++i) {
      ranges.push_back({size * i / pieces, size * (i + 1) / pieces});
    }
    return ranges;
  }

  // How many threads share the units; 0: none does, the rows come in pieces.
  std::int64_t unit_shares = 0;

  void forward(std::int64_t row_pieces = 1) {
    for (const std::int64_t share : {0, 1}) kernels.prepare(run, {share, 2});
    if (unit_shares > 0) {
      in_company([&](kernels::Share share, kernels::StepBarrier& barrier) {
        kernels.forward_units(run, share, barrier);
      });
      return;
    }
    for (const kernels::Range rows : cut(run.rows, row_pieces)) kernels.forward(run, rows);
  }
  // After forward, once: the tape is gone then.
  void backward(std::int64_t row_pieces = 1, std::int64_t weight_shares = 1) {
    for (const std::int64_t share : {0, 1}) kernels.prepare_backward(run, gradient, {share, 2});
    if (unit_shares > 0) {
      in_company([&](kernels::Share share, kernels::StepBarrier& barrier) {
        kernels.backward_units(run, gradient, share, barrier);
      });
    } else {
      for (const kernels::Range rows : cut(run.rows, row_pieces)) {
        kernels.backward(run, gradient, rows);
      }
    }
    for (const kernels::Range rows : cut(run.rows, row_pieces)) {
      kernels.input_gradient(run, gradient, rows);
    }
    for (std::int64_t share = 0; share < weight_shares; ++share) {
      Memory<Real> workspace = undefined<Real>(kernels.workspace_size(run));
      kernels.weight_gradient(run, gradient, {share, weight_shares}, workspace.data());
    }
  }

  template <class Function>
  void in_company(const Function& function) {
    kernels::StepBarrier barrier(unit_shares);
    std::vector<std::thread> threads;
    for (std::int64_t share = 0; share < unit_shares; ++share) {
      threads.emplace_back([&, share] { function({share, unit_shares}, barrier); });
    }
    for (std::thread& thread : threads) thread.join();
  }

  std::int64_t state_size() const { return run.rows * run.units; }
  std::int64_t tape_width() const { return kernels.tape_blocks * run.units; }

  const kernels::CellKernels<Real>& kernels;
  RecurrenceCase c;
  kernels::Recurrence<Real> run;
  kernels::RecurrenceGradient<Real> gradient;

  // What the weights' gradients hold before.
  static constexpr Real start_of_gradients = Real{0.25};

  // Behind run.
  Memory<Real> x, kernel, recurrent_kernel, bias, input_dropout, recurrent_dropout;
  std::vector<std::uint8_t> mask;
  Memory<Real> hidden, cell, tape, preactivations, packed, scratch;
  // Behind gradient.
  Memory<Real> output_gradient, hidden_gradient, cell_gradient, trace, x_gradient;
  Memory<Real> kernel_gradient, recurrent_kernel_gradient, bias_gradient;

 private:
  void shape() {
    run.steps = c.steps;
    run.rows = c.rows;
    run.features = c.features;
    run.units = c.units;
    run.activation = c.activation;
    run.recurrent_activation = c.recurrent_activation;
    run.reset_after = c.reset_after;
    run.heads = c.heads;
    run.exponential_forget = c.exponential_forget;
    run.state_slots = c.steps + 1;
    run.tape_slots = c.steps;
  }

  // Strides longer than what they step over; what lies between must not be read.
  kernels::Sequence<Real> sequence_in(Memory<Real>& memory) const {
    const std::int64_t step_stride = c.features + 2;
    const std::int64_t row_stride = c.steps * step_stride + 3;
    memory = undefined<Real>(c.rows * row_stride);
    if (!c.backwards) return {memory.data(), step_stride, row_stride};
    return {memory.data() + (c.steps - 1) * step_stride, -step_stride, row_stride};
  }

  void fill_inputs() {
    const std::int64_t columns = kernels.gate_blocks * c.units;
    const kernels::Sequence<Real> sequence = sequence_in(x);
    for (std::int64_t i = 0; i < c.steps * c.rows * c.features; ++i) {
      const std::int64_t t = i / (c.rows * c.features);
      const std::int64_t n = i / c.features % c.rows;
      sequence.at(t, n)[i % c.features] = static_cast<Real>(noise_at(1, i));
    }
    run.x = {sequence.data, sequence.step_stride, sequence.row_stride};
    run.kernel = (kernel = noise<Real>(c.features * columns, 2, scale_for(c.features))).data();
    const std::int64_t read = c.units / c.heads;
    recurrent_kernel = noise<Real>(read * columns, 3, scale_for(read));
    run.recurrent_kernel = recurrent_kernel.data();
    if (c.bias) {
      bias = noise<Real>(bias_size(), 4, 0.5F);
      run.bias = bias.data();
    }
    if (c.masking != Masking::none) {
      for (std::int64_t i = 0; i < c.steps * c.rows; ++i) {
        mask.push_back(counts(c, i / c.rows, i % c.rows) ? 1 : 0);
      }
      run.mask = mask.data();
    }
    const bool every_gate = c.dropping == Dropping::both;
    if (c.dropping == Dropping::input || every_gate) {
      run.input_dropout_blocks = every_gate ? kernels.gate_blocks : 1;
      input_dropout = dropout_factors(run.input_dropout_blocks * c.rows * c.features, 5);
      run.input_dropout = input_dropout.data();
    }
    if (c.dropping == Dropping::recurrent || every_gate) {
      recurrent_dropout = dropout_factors(columns * c.rows, 6);
      run.recurrent_dropout = recurrent_dropout.data();
    }
  }

  void fill_memory() {
    hidden = states_from(7);
    run.hidden = hidden.data();
    if (kernels.cells > 0) {
      cell = states_from(8, kernels.cells);
      run.cell = cell.data();
    }
    const std::int64_t tape_size = c.steps * c.rows * tape_width();
    tape = undefined<Real>(tape_size);
    run.tape = tape.data();
    if (kernels::needs_input(c.activation) || kernels::needs_input(c.recurrent_activation)) {
      preactivations = undefined<Real>(tape_size);
      run.preactivations = preactivations.data();
    }
    packed = undefined<Real>(kernels.packed_size(run, true));
    run.packed = packed.data();
    scratch = undefined<Real>(c.rows * kernels.scratch_size(run, true));
    run.scratch = scratch.data();
  }

  void fill_gradients() {
    output_gradient = noise<Real>(c.steps * state_size(), 9);
    gradient.output = output_gradient.data();
    hidden_gradient = noise<Real>(state_size(), 10);
    gradient.hidden = hidden_gradient.data();
    if (kernels.cells > 0) {
      cell_gradient = noise<Real>(kernels.cells * state_size(), 11);
      gradient.cell = cell_gradient.data();
    }
    trace = undefined<Real>(c.steps * state_size());
    gradient.trace = trace.data();
    gradient.x = sequence_in(x_gradient);
    kernel_gradient.assign(kernel.size(), start_of_gradients);
    gradient.kernel = kernel_gradient.data();
    recurrent_kernel_gradient.assign(recurrent_kernel.size(), start_of_gradients);
    gradient.recurrent_kernel = recurrent_kernel_gradient.data();
    if (c.bias) {
      bias_gradient.assign(bias.size(), start_of_gradients);
      gradient.bias = bias_gradient.data();
    }
  }

  // Sums of about 1, whatever their length.
  static float scale_for(std::int64_t terms) {
    float root = 1.0F;
    while (root * root < static_cast<float>(terms)) root += 0.25F;
    return 1.5F / root;
  }

  // Only the GRU has two rows of them.
  std::int64_t bias_size() const {
    const bool two_rows = kernels.gate_blocks == 3 && c.reset_after;
    return (two_rows ? 2 : 1) * kernels.gate_blocks * c.units;
  }

  static Memory<Real> dropout_factors(std::int64_t count, std::uint64_t seed) {
    Memory<Real> factors = noise<Real>(count, seed);
    for (Real& factor : factors) factor = factor < Real{-0.5} ? Real{0} : Real{1.25};
    return factors;
  }

  // The initial state; the slots after it are undefined.
  Memory<Real> states_from(std::uint64_t seed, std::int64_t count = 1) const {
    Memory<Real> states = undefined<Real>((c.steps + 1) * count * state_size());
    const Memory<Real> initial = noise<Real>(count * state_size(), seed);
    std::copy(initial.begin(), initial.end(), states.begin());
    // The normalizer of an SLSTM is a sum of positive numbers, by which h is divided.
    for (std::int64_t i = state_size(); count == 3 && i < 2 * state_size(); ++i) {
      Real& normalizer = states[static_cast<std::size_t>(i)];
      normalizer = 1 + std::abs(normalizer);
    }
    return states;
  }
};

}  // namespace chronicler::test
