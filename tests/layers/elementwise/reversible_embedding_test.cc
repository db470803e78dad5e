#include "chronicler/layers/reversible_embedding.h"

#include <gtest/gtest.h>

#include "chronicler/chronicler.h"
#include "support/conformance.h"
#include "support/temporary_folder.h"

namespace chronicler {
namespace {

Functional language_model() {
  const LayerPtr table = layers::ReversibleEmbedding({.input_dim = 7, .output_dim = 4});
  const Symbol ids = Input({.shape = {None}, .dtype = "int32"});
  const Symbol states = layers::LSTM({.units = 4, .return_sequences = true})(table(ids));
  return Functional({ids}, {table(states, {.reverse = true})});
}

Tensor some_ids() { return Tensor({1, 5}, std::vector<std::int32_t>{3, 0, 6, 2, 2}); }

TEST(ReversibleEmbedding, GivesScoresByTheSameTable) {
  const LayerPtr table = layers::ReversibleEmbedding({.input_dim = 3, .output_dim = 2});
  const Symbol vectors = Input({.shape = {2}});
  Functional model({vectors}, {table(vectors, {.reverse = true})});
  model.set_weights({Tensor({3, 2}, std::vector<float>{1, 2, 3, 4, 5, 6})});
  const Tensor scores = model(Tensor({1, 2}, std::vector<float>{1, -1}));
  EXPECT_EQ(scores.shape(), Shape({1, 3}));
  for (const float score : scores.span<float>()) EXPECT_EQ(score, -1.0F);
}

TEST(ReversibleEmbedding, HasOneTableForBothWays) {
  const Functional model = language_model();
  EXPECT_EQ(model.get_weights().size(), 4U);  // the table, and three of the LSTM
}

TEST(ReversibleEmbedding, StreamsAsItPredicts) {
  Functional model = language_model();
  const Tensor ids = some_ids();
  const Tensor scores = model(ids);
  Stream live = model.stream();
  for (std::int64_t t = 0; t < 5; ++t) {
    const auto id = static_cast<float>(ids.as<std::int32_t>()[t]);
    const std::span<const float> step = live.step(std::span(&id, 1));
    for (std::size_t i = 0; i < 7; ++i)
      EXPECT_EQ(step[i], scores.as<float>()[static_cast<std::size_t>(t) * 7 + i]) << t;
  }
}

TEST(ReversibleEmbedding, ComesBackFromFilesWithTheWayBack) {
  Functional model = language_model();
  const Tensor scores = model(some_ids());
  const test::TemporaryFolder folder;
  for (const std::string_view extension : model_file_extensions()) {
    const std::string path = folder.path("model" + std::string(extension));
    model.save(path);
    const Tensor again = (*load_model(path))(some_ids());
    for (std::int64_t i = 0; i < scores.size(); ++i)
      EXPECT_EQ(again.as<float>()[i], scores.as<float>()[i]) << extension;
  }
}

TEST(ReversibleEmbedding, RefusesVectorsOfAnotherLength) {
  const LayerPtr table =
      layers::ReversibleEmbedding({.input_dim = 3, .output_dim = 2, .name = "table"});
  const Symbol vectors = Input({.shape = {5}});
  EXPECT_EQ(test::error_of([&] { table(vectors, {.reverse = true}); }),
            "ReversibleEmbedding \"table\": in reverse it takes vectors of 2 numbers, got "
            "(None, 5): put a Dense of 2 units before it");
}

}  // namespace
}  // namespace chronicler
