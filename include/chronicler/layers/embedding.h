// Embedding: a table of vectors, looked up by id.
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"

namespace chronicler::layers {

struct EmbeddingOptions {
  std::int64_t input_dim = 0;   // number of ids
  std::int64_t output_dim = 0;  // length of a vector
  Initializer embeddings_initializer = "uniform";
  Regularizer embeddings_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint embeddings_constraint = {};
  bool mask_zero = false;  // id 0 is padding: the mask is x != 0
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};

// (B, T) ids (int32, or whole float32 numbers) to (B, T, output_dim). Weights: embeddings
// (input_dim, output_dim). An id outside the table is an Error that names row and column.
LayerPtr Embedding(const EmbeddingOptions& options);

}  // namespace chronicler::layers
