// What a step of LSTMVariantCell works on, forward and back: for lstm_variant.cc and
// lstm_variant_backward.cc.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "kernels/cell_gates.h"
#include "layers/recurrent/lstm_variant.h"
#include "layers/recurrent/slices.h"

namespace chronicler {

template <class Real>
struct LSTMVariantCell::Weights {
  std::int64_t hidden;  // numbers of h
  const Real* kernel;
  const Real* recurrent_kernel;
  const Real* bias = nullptr;
  const Real* peepholes = nullptr;
  const Real* projection = nullptr;
  const Real* kernel_gamma = nullptr;
  const Real* recurrent_gamma = nullptr;
  const Real* cell_gamma = nullptr;
  const Real* cell_beta = nullptr;
  // Their gradients, in the same order; null where the option is off, or nothing trains.
  std::array<Real*, 9> gradients{};
};

// What forward keeps for backward. Blocks of gates lie one after another, [gates][rows][units].
template <class Real>
struct LSTMVariantCell::Record {
  std::int64_t rows;
  kernels::cell_gates::Source<Real> x;
  kernels::cell_gates::Source<Real> hidden;
  const Real* hidden_before;
  const Real* cell_before;
  Real* activated;
  Real* preactivations;     // null if no activation needs them
  Real* recurrent_part;     // h' U apart from x W, for layer normalization
  Real* cell;               // c*
  Real* cell_shown;         // N(c*), or c*
  Real* shown;              // a(N(c*))
  Real* before_projection;  // s(zo) a(N(c*)); h* without a projection
  Real* fresh_hidden;       // h*
  Real* hidden_zone;
  Real* cell_zone;
  Real* hidden_after;  // h; h* itself without zoneout, and so c
  Real* cell_after;
  // Where the sums z are: they become the gates, or are kept.
  Real* sums() const { return preactivations != nullptr ? preactivations : activated; }
  // Layer normalization: numbers and 1 / deviation of x W, h' U and c*.
  std::array<Real*, 3> normalized{};
  std::array<Real*, 3> inverse{};
};

// What backward hands from the rows to the weights; blocks of gates as above.
template <class Real>
struct LSTMVariantCell::Flows {
  const Real* d_hidden_after;  // null: nothing flows
  const Real* d_cell_after;
  Real* d_fresh_hidden;
  Real* d_before_projection;
  Real* d_cell;
  Real* d_shown;                       // of a(N(c*)), then of N(c*)
  Real* scratch;                       // one block
  Real* d_gates;                       // of the sums z
  std::array<Real*, 2> d_parts;        // of x W and of h' U
  std::array<Real*, 2> d_inputs;       // of x (null: not wanted) and h'
  std::array<Real*, 2> d_gate_inputs;  // room where dropout gave each gate its own numbers
  Real* d_cell_before;
};

template <class Real>
LSTMVariantCell::Weights<Real> LSTMVariantCell::weights() const {
  Weights<Real> all{};
  all.hidden = hidden_size(options_);
  std::size_t next = 0;
  std::size_t place = 0;
  const auto take = [&](bool is_on) -> const Real* {
    const std::size_t own = place++;
    if (!is_on) return nullptr;
    const Parameter& parameter = list_[next++];
    if (trainable() && parameter.gradient)
      all.gradients[own] = parameter.gradient.template as<Real>();
    return parameter.value.template as<Real>();
  };
  all.kernel = take(true);
  all.recurrent_kernel = take(true);
  all.bias = take(options_.use_bias);
  all.peepholes = take(options_.peepholes);
  all.projection = take(options_.projection > 0);
  all.kernel_gamma = take(options_.layer_normalization);
  all.recurrent_gamma = take(options_.layer_normalization);
  all.cell_gamma = take(options_.layer_normalization);
  all.cell_beta = take(options_.layer_normalization);
  return all;
}

// Rows [begin, end) of a batch, as all blocks of [rows][units] have them.
struct LSTMVariantCell::Stretch {
  std::int64_t batch;  // rows of the whole batch
  std::int64_t units;
  std::int64_t begin;
  std::int64_t end;

  std::int64_t rows() const { return end - begin; }
  std::int64_t block() const { return batch * units; }  // from one gate to the next
  std::int64_t first() const { return begin * units; }
  std::int64_t count() const { return rows() * units; }
};

// The rows of the batch that one task takes through a step.
inline constexpr std::int64_t rows_a_task = 16;

inline bool is_worth_sharing(std::int64_t rows, std::int64_t columns, std::int64_t depth) {
  return static_cast<double>(rows) * static_cast<double>(columns) * static_cast<double>(depth) *
             static_cast<double>(kernels::cell_gates::gates) >=
         inline_work;
}

// function(begin, end) for stretches of the rows, on all threads if `share`.
template <class Function>
void for_each_stretch(Runtime& runtime, std::int64_t rows, bool share, const Function& function) {
  const std::int64_t size = share ? rows_a_task : rows;
  runtime.parallel((rows + size - 1) / size, [&](std::int64_t task) {
    function(task * size, std::min(rows, (task + 1) * size));
  });
}

}  // namespace chronicler
