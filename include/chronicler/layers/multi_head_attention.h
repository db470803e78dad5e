// MultiHeadAttention: several attentions side by side, each between projections of its own,
// Vaswani et al. 2017.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

// Keras's names, order and defaults; fields() says what each option is.
struct MultiHeadAttentionOptions {
  std::int64_t num_heads = 0;
  std::int64_t key_dim = 0;
  std::optional<std::int64_t> value_dim = {};
  double dropout = 0.0;
  bool use_bias = true;
  std::vector<std::int64_t> output_shape = {};
  std::vector<std::int64_t> attention_axes = {};
  Initializer kernel_initializer = "glorot_uniform";
  Initializer bias_initializer = "zeros";
  Regularizer kernel_regularizer = {};
  Regularizer bias_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint bias_constraint = {};
  std::optional<std::int64_t> seed = {};
  std::optional<std::int64_t> sliding_window = {};
  bool use_gate = false;
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = MultiHeadAttentionOptions;
    visit("num_heads", &Options::num_heads, at_least(1), "attention heads", {.is_required = true});
    visit("key_dim", &Options::key_dim, at_least(1), "length of each head's queries and keys",
          {.is_required = true});
    visit("value_dim", &Options::value_dim, at_least(1), "length of each head's values",
          {.default_text = "key_dim"});
    visit("dropout", &Options::dropout, share_below(1.0),
          "share of the weights left out in training");
    visit("use_bias", &Options::use_bias, any_value(), "adds a bias");
    visit("output_shape", &Options::output_shape, one_number(at_least(1)),
          "numbers on the last axis of the output", {.default_text = "those of the query"});
    visit("attention_axes", &Options::attention_axes, any_value(), "1, the steps",
          {.default_text = "1"});
    visit_weight_fields<Options>(visit);
    visit_seed_field<Options>(visit);
    visit("sliding_window", &Options::sliding_window, at_least(1),
          "a query sees only values fewer steps away", {.is_extra = true});
    visit("use_gate", &Options::use_gate, any_value(),
          "what a head finds is multiplied by a sigmoid of the query", {.is_extra = true});
    visit_shared_fields<Options>(visit);
  }
};

// Called on {query (B, Tq, F), value (B, Tv, G)} or {query, value, key (B, Tv, K)}; the key is the
// value if it is not given. (B, Tq, output_shape); with return_attention_scores the weights
// (B, heads, Tq, Tv) are the second output. Masks of all inputs are respected, and with
// use_causal_mask a query sees no later value. The query's mask may also be (B, Tq, Tv): Keras's
// attention_mask. Weights: kernel (F, heads, dim) and bias (heads, dim) of query, key, gate if
// there is one, and value, kernel (heads, value_dim, output) and bias of the output.
LayerPtr MultiHeadAttention(const MultiHeadAttentionOptions& options);

}  // namespace chronicler::layers
