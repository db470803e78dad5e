// Attention and AdditiveAttention: each query looks at all values and takes a weighted mean.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"

namespace chronicler::layers {

struct AttentionOptions {
  bool use_scale = false;          // a trained factor of the scores, 1 at first
  std::string score_mode = "dot";  // or "concat"
  double dropout = 0.0;            // of the weights; in [0, 1)
  std::optional<std::int64_t> seed = {};
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  std::optional<Shape> input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};
// Luong, Pham and Manning 2015. Called on {query (B, Tq, D), value (B, Tv, E)} or {query, value,
// key (B, Tv, D)}; the key is the value if it is not given. Scores q k^T, or with "concat" the sum
// of tanh(q + k) times concat_score_weight; a softmax over the values, of which masked ones (and
// later ones, with use_causal_mask) have no part; (B, Tq, E), 0 where the query's mask is false.
// With return_attention_scores the weights (B, Tq, Tv) are the second output.
LayerPtr Attention(const AttentionOptions& options = {});

struct AdditiveAttentionOptions {
  bool use_scale = true;  // a trained factor for each number of the key
  double dropout = 0.0;
  std::optional<std::int64_t> seed = {};
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  std::optional<Shape> input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};
// Bahdanau, Cho and Bengio 2014. As Attention, with scores sum_d scale_d tanh(q_d + k_d).
LayerPtr AdditiveAttention(const AdditiveAttentionOptions& options = {});

}  // namespace chronicler::layers
