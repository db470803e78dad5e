// ReversibleEmbedding: a table of vectors that also leads back from vectors to scores of ids.
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

// Keras's names, order and defaults; fields() says what each option is.
struct ReversibleEmbeddingOptions {
  std::int64_t input_dim = 0;
  std::int64_t output_dim = 0;
  bool tie_weights = true;
  Initializer embeddings_initializer = "uniform";
  Regularizer embeddings_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint embeddings_constraint = {};
  bool mask_zero = false;
  std::optional<std::string> reverse_dtype = {};
  std::optional<double> logit_soft_cap = {};
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = ReversibleEmbeddingOptions;
    visit("input_dim", &Options::input_dim, at_least(1), "number of ids: the largest and 1",
          {.is_required = true});
    visit("output_dim", &Options::output_dim, at_least(1), "length of a vector",
          {.is_required = true});
    visit("tie_weights", &Options::tie_weights, any_value(),
          "the way back multiplies by the same table", {.file_rank = 1});
    visit("embeddings_initializer", &Options::embeddings_initializer, any_value(), "first vectors");
    visit("embeddings_regularizer", &Options::embeddings_regularizer, any_value(),
          "penalty on the vectors");
    visit("activity_regularizer", &Options::activity_regularizer, any_value(),
          "penalty on the output");
    visit("embeddings_constraint", &Options::embeddings_constraint, any_value(),
          "what the vectors are held to");
    visit("mask_zero", &Options::mask_zero, any_value(), "id 0 is padding, and masked");
    visit("reverse_dtype", &Options::reverse_dtype, any_value(),
          "accepted; the layer computes in its own type", {.file_rank = 1});
    visit("logit_soft_cap", &Options::logit_soft_cap, above(0.0),
          "scores become cap tanh(score / cap)", {.file_rank = 1});
    visit_shared_fields<Options>(visit);
  }
};

// As Embedding; called with reverse, (B, ..., output_dim) to (B, ..., input_dim): the scores of
// all ids, x E^T (Press and Wolf 2016). Weights: embeddings (input_dim, output_dim), and unless
// they are tied reverse_embeddings (output_dim, input_dim).
LayerPtr ReversibleEmbedding(const ReversibleEmbeddingOptions& options);

}  // namespace chronicler::layers
