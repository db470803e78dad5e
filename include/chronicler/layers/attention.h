// Attention and AdditiveAttention: each query looks at all values and takes a weighted mean.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

struct AttentionOptions {
  bool use_scale = false;
  std::string score_mode = "dot";
  double dropout = 0.0;
  std::optional<std::int64_t> seed = {};
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = AttentionOptions;
    visit("use_scale", &Options::use_scale, any_value(),
          "learns a factor of the scores, 1 at first");
    visit("score_mode", &Options::score_mode, one_of({"dot", "concat"}),
          "dot: q k; concat: the sum of tanh(q + k)");
    visit("dropout", &Options::dropout, share_below(1.0),
          "share of the weights left out in training");
    visit_seed_field<Options>(visit);
    visit_shared_fields<Options>(visit);
  }
};
// Each query looks at all values and takes a weighted mean of them: Luong, Pham and Manning
// 2015. Called on {query (B, Tq, D), value (B, Tv, E)} or {query, value, key (B, Tv, D)}; the
// key is the value if it is not given. Scores q k^T, or with "concat" the sum of tanh(q + k)
// times concat_score_weight; a softmax over the values, of which masked ones (and later ones,
// with use_causal_mask) have no part; (B, Tq, E), 0 where the query's mask is false. With
// return_attention_scores the weights (B, Tq, Tv) are the second output.
LayerPtr Attention(const AttentionOptions& options = {});

struct AdditiveAttentionOptions {
  bool use_scale = true;
  double dropout = 0.0;
  std::optional<std::int64_t> seed = {};
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = AdditiveAttentionOptions;
    visit("use_scale", &Options::use_scale, any_value(),
          "learns a factor for each number of the key");
    visit("dropout", &Options::dropout, share_below(1.0),
          "share of the weights left out in training");
    visit_seed_field<Options>(visit);
    visit_shared_fields<Options>(visit);
  }
};
// As Attention, with the scores of Bahdanau, Cho and Bengio 2014: sum_d scale_d tanh(q_d + k_d).
LayerPtr AdditiveAttention(const AdditiveAttentionOptions& options = {});

}  // namespace chronicler::layers
