// MultiHeadAttention: Vaswani et al. 2017.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"

namespace chronicler::layers {

// Keras's names, order and defaults.
struct MultiHeadAttentionOptions {
  std::int64_t num_heads = 0;                  // at least 1
  std::int64_t key_dim = 0;                    // of each head's queries and keys; at least 1
  std::optional<std::int64_t> value_dim = {};  // of each head's values; not given: key_dim
  double dropout = 0.0;                        // of the weights; in [0, 1)
  bool use_bias = true;
  std::vector<std::int64_t> output_shape = {};    // one number; not given: the query's features
  std::vector<std::int64_t> attention_axes = {};  // {1}, the steps, or not given
  Initializer kernel_initializer = "glorot_uniform";
  Initializer bias_initializer = "zeros";
  Regularizer kernel_regularizer = {};
  Regularizer bias_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint bias_constraint = {};
  std::optional<std::int64_t> seed = {};
  // A query sees values less than so many steps away only.
  std::optional<std::int64_t> sliding_window = {};
  bool use_gate = false;  // what a head found times a sigmoid of the query, before the output
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  std::optional<Shape> input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};

// Called on {query (B, Tq, F), value (B, Tv, G)} or {query, value, key (B, Tv, K)}; the key is the
// value if it is not given. (B, Tq, output_shape); with return_attention_scores the weights
// (B, heads, Tq, Tv) are the second output. Masks of all inputs are respected, and with
// use_causal_mask a query sees no later value. The query's mask may also be (B, Tq, Tv): Keras's
// attention_mask. Weights: kernel (F, heads, dim) and bias (heads, dim) of query, key, gate if
// there is one, and value, kernel (heads, value_dim, output) and bias of the output.
LayerPtr MultiHeadAttention(const MultiHeadAttentionOptions& options);

}  // namespace chronicler::layers
