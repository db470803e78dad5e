// MLSTM: the mLSTM of xLSTM (Beck et al. 2024, arXiv 2405.04517), a matrix C of memory for each
// head, which is written with a key and read with a query; its kernel is kernels/mlstm.h. Gates do
// not depend on the output before, so many steps are computed at once, in chunks as products of
// matrices. A step of a head of D units, i and f single numbers, from x and the C', n' and m' of
// the step before:
//   q, k, v, o, i, f = x W + b                  l = log forget_activation(f)
//   m = max(l + m', i)
//   C = exp(l + m' - m) C' + exp(i - m) k v^T / sqrt(D)
//   n = exp(l + m' - m) n' + exp(i - m) k / sqrt(D)
//   h = sigmoid(o) (C^T q) / max(|n q|, exp(-m))
//
// A stream, a call of fewer steps than a chunk outside of training, and chunk_size 1 compute step
// by step; longer calls, and training, in chunks. The two agree to about 1e-5 and not bit for bit:
// a Stream gives the bits of predict on sequences shorter than chunk_size, or with chunk_size 1 on
// all. In float64 all is step by step.
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"
#include "chronicler/layers/scan_fields.h"

namespace chronicler::layers {

// Names and order as the LSTM's; fields() says what each option is.
struct MLSTMOptions {
  std::int64_t units = 0;
  std::int64_t heads = 1;
  std::string forget_activation = "sigmoid";
  std::int64_t chunk_size = 64;
  bool use_bias = true;
  Initializer kernel_initializer = "glorot_uniform";
  Initializer bias_initializer = "zeros";
  bool unit_forget_bias = true;
  Regularizer kernel_regularizer = {};
  Regularizer bias_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint bias_constraint = {};
  double dropout = 0.0;
  std::optional<std::int64_t> seed = {};
  bool return_sequences = false;
  bool return_state = false;
  bool go_backwards = false;
  bool stateful = false;
  bool zero_output_for_mask = false;
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = MLSTMOptions;
    visit("units", &Options::units, at_least(1), "numbers of the output", {.is_required = true});
    visit("heads", &Options::heads, at_least(1),
          "parts of the units, equal in size, each with a memory of its own");
    visit("forget_activation", &Options::forget_activation, one_of({"sigmoid", "exponential"}),
          "function of the forget gate");
    visit("chunk_size", &Options::chunk_size, between(1, 1024),
          "steps that are computed together; 1: step by step, slower, and as a stream to the bit");
    visit("use_bias", &Options::use_bias, any_value(), "adds a bias");
    visit_weight_fields<Options>(visit);
    visit_scan_fields<Options>(visit);
    visit_shared_fields<Options>(visit);
  }
};

// (B, T, F), optionally followed by the initial states h (B, units), C (B, heads, D, D), n
// (B, units) and m (B, heads), D = units / heads, to the last h (B, units) or with
// return_sequences all of them (B, T, units); with return_state also h, C, n and m. Weights:
// kernel (F, 4 units + 2 heads), blocks query, key, value, output, then the input and the forget
// gate of each head, and bias (4 units + 2 heads). h is a state only so that steps that a mask
// leaves out can repeat it.
LayerPtr MLSTM(const MLSTMOptions& options);

}  // namespace chronicler::layers
