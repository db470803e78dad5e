// Embedding: a table of vectors, looked up by id.
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

struct EmbeddingOptions {
  std::int64_t input_dim = 0;
  std::int64_t output_dim = 0;
  Initializer embeddings_initializer = "uniform";
  Regularizer embeddings_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint embeddings_constraint = {};
  bool mask_zero = false;
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = EmbeddingOptions;
    visit("input_dim", &Options::input_dim, at_least(1), "number of ids: the largest and 1",
          {.is_required = true});
    visit("output_dim", &Options::output_dim, at_least(1), "length of a vector",
          {.is_required = true});
    visit("embeddings_initializer", &Options::embeddings_initializer, any_value(), "first vectors");
    visit("embeddings_regularizer", &Options::embeddings_regularizer, any_value(),
          "penalty on the vectors");
    visit("activity_regularizer", &Options::activity_regularizer, any_value(),
          "penalty on the output");
    visit("embeddings_constraint", &Options::embeddings_constraint, any_value(),
          "what the vectors are held to");
    visit("mask_zero", &Options::mask_zero, any_value(), "id 0 is padding, and masked");
    visit_shared_fields<Options>(visit);
  }
};

// (B, T) ids (int32, or whole float32 numbers) to (B, T, output_dim). Weights: embeddings
// (input_dim, output_dim). An id outside the table is an Error that names row and column.
LayerPtr Embedding(const EmbeddingOptions& options);

}  // namespace chronicler::layers
