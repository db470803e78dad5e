// ReversibleEmbedding: a table of vectors that also leads back from vectors to scores of ids.
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"

namespace chronicler::layers {

// Keras's names, order and defaults.
struct ReversibleEmbeddingOptions {
  std::int64_t input_dim = 0;   // number of ids
  std::int64_t output_dim = 0;  // length of a vector
  bool tie_weights = true;      // the way back multiplies by the same table
  Initializer embeddings_initializer = "uniform";
  Regularizer embeddings_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint embeddings_constraint = {};
  bool mask_zero = false;                         // id 0 is padding: the mask is x != 0
  std::optional<std::string> reverse_dtype = {};  // accepted; the layer computes in its own
  std::optional<double> logit_soft_cap = {};      // scores become cap tanh(score / cap)
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};

// As Embedding; called with .reverse = true, (B, ..., output_dim) to (B, ..., input_dim): the
// scores of all ids, x E^T (Press and Wolf 2016). Weights: embeddings (input_dim, output_dim), and
// unless they are tied reverse_embeddings (output_dim, input_dim).
LayerPtr ReversibleEmbedding(const ReversibleEmbeddingOptions& options);

}  // namespace chronicler::layers
