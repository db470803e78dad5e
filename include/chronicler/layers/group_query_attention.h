// GroupQueryAttention: a MultiHeadAttention whose heads share keys and values, Ainslie et al. 2023.
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

// Keras's names, order and defaults; fields() says what each option is.
struct GroupQueryAttentionOptions {
  std::int64_t head_dim = 0;
  std::int64_t num_query_heads = 0;
  std::int64_t num_key_value_heads = 0;
  double dropout = 0.0;
  bool use_bias = true;
  std::optional<std::int64_t> sliding_window = {};
  Initializer kernel_initializer = "glorot_uniform";
  Initializer bias_initializer = "zeros";
  Regularizer kernel_regularizer = {};
  Regularizer bias_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint bias_constraint = {};
  bool use_gate = false;
  std::optional<std::int64_t> seed = {};
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = GroupQueryAttentionOptions;
    visit("head_dim", &Options::head_dim, at_least(1),
          "length of each head's queries, keys and values", {.is_required = true});
    visit("num_query_heads", &Options::num_query_heads, at_least(1), "heads of the query",
          {.is_required = true});
    visit("num_key_value_heads", &Options::num_key_value_heads, at_least(1),
          "heads of key and value, a divisor of num_query_heads", {.is_required = true});
    visit("dropout", &Options::dropout, share_below(1.0),
          "share of the weights left out in training");
    visit("use_bias", &Options::use_bias, any_value(), "adds a bias");
    visit("sliding_window", &Options::sliding_window, at_least(1),
          "a query sees only values fewer steps away", {.is_extra = true});
    visit_weight_fields<Options>(visit);
    visit("use_gate", &Options::use_gate, any_value(),
          "what a head finds is multiplied by a sigmoid of the query", {.is_extra = true});
    visit_seed_field<Options>(visit);
    visit_shared_fields<Options>(visit);
  }
};

// Called as MultiHeadAttention, which see, on a query and a value of as many features; the output
// has these, too. num_query_heads / num_key_value_heads heads of the query, one after another, go
// with one of key and value.
LayerPtr GroupQueryAttention(const GroupQueryAttentionOptions& options);

}  // namespace chronicler::layers
