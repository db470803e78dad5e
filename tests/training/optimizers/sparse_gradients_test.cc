// Embeddings whose ids are repeated, under every optimizer and clipping, against the numbers that
// Keras on TensorFlow gives (tests/golden/training/make_sparse_gradients.py).
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/functional.h"
#include "chronicler/training/fit.h"
#include "training/losses/golden_numbers.h"

namespace chronicler {
namespace {

constexpr std::int64_t id_count = 5;
constexpr std::int64_t width = 3;
constexpr std::int64_t rows = 6;
constexpr std::int64_t steps = 4;

Tensor floats(const Json& list, const Shape& shape) {
  return Tensor(shape, list.get<std::vector<float>>());
}

Functional model_of(const std::string& kind) {
  const bool reversible = kind == "reversible" || kind == "reversed";
  const LayerPtr table =
      reversible ? layers::ReversibleEmbedding({.input_dim = id_count, .output_dim = width})
                 : layers::Embedding({.input_dim = id_count, .output_dim = width});
  const Symbol ids = Input({.shape = {steps}, .dtype = "int32"});
  std::vector<Symbol> inputs{ids};
  Symbols vectors = table(ids);
  if (kind == "twice") {  // the other ids are an input of their own here
    inputs.push_back(Input({.shape = {steps}, .dtype = "int32"}));
    vectors = layers::Add()(Symbols{vectors[0], table(inputs[1])[0]});
  }
  if (kind == "nested") {
    const Symbol inside = Input({.shape = {steps}, .dtype = "int32"});
    vectors = Functional(inside, table(inside))(Symbols(ids));
  }
  Symbols out = layers::Dense({.units = 2, .activation = "tanh"})(layers::Flatten()(vectors));
  if (kind == "reversed") {
    const Symbols mean =
        layers::GlobalAveragePooling1D()(table(vectors, {.reverse = true}));  // (None, 5)
    const LayerPtr first_two = layers::Dense(
        {.units = 2, .use_bias = false, .kernel_initializer = "identity", .trainable = false});
    out = layers::Add()(Symbols{out[0], first_two(mean)[0]});
  }
  return Functional(Symbols(inputs), out);
}

class SparseGradients : public ::testing::Test {
 protected:
  SparseGradients() : golden_(test::golden_numbers("sparse_gradients.json")) {}

  Tensor ids() const {
    return Tensor({rows, steps}, golden_["ids"].get<std::vector<std::int32_t>>());
  }
  Tensor other_ids() const {
    std::vector<std::int32_t> others = golden_["ids"].get<std::vector<std::int32_t>>();
    for (std::int32_t& id : others) id = static_cast<std::int32_t>(id_count) - 2 - id;
    return Tensor({rows, steps}, others);
  }

  void check(const Json& object) const {
    const std::string kind = object["kind"].get<std::string>();
    Functional model = model_of(kind);
    const Json& start = golden_["start"];
    std::vector<Tensor> weights = model.get_weights();
    weights[0] = floats(start["table"], {id_count, width});
    weights[1] = floats(start["kernel"], {steps * width, 2});
    weights[2] = floats(start["bias"], {2});
    model.set_weights(weights);
    model.compile({.optimizer = optimizers::from(object["optimizer"].get<std::string>(),
                                                 test::settings_of(object["settings"])),
                   .loss = "mse"});
    const TensorList x = kind == "twice" ? TensorList({ids(), other_ids()}) : TensorList({ids()});
    const Tensor y = floats(golden_["y"], {rows, 2});
    double loss = 0.0;
    for (int i = 0; i < golden_["steps"].get<int>(); ++i) loss = model.train_on_batch(x, y).loss();
    EXPECT_NEAR(loss, object["loss"].get<double>(), 1e-5);
    weights = model.get_weights();
    expect_weights(weights[0], object["table"], "table");
    expect_weights(weights[2], object["bias"], "bias");
  }

  static void expect_weights(const Tensor& found, const Json& expected, const char* what) {
    double largest = 0.0;
    for (std::int64_t i = 0; i < found.size(); ++i) {
      const double wanted = expected[static_cast<std::size_t>(i)].get<double>();
      largest = std::max(largest, std::abs(static_cast<double>(found.as<float>()[i]) - wanted));
    }
    EXPECT_LT(largest, 2e-5) << what;
  }

  Json golden_;
};

TEST_F(SparseGradients, AreThoseOfKerasForEveryOptimizerAndClipping) {
  for (const Json& object : golden_["cases"]) {
    SCOPED_TRACE(object.dump());
    check(object);
  }
}

// Keras stops with an error there, or trains to NaN: see docs/keras.md.
TEST_F(SparseGradients, CentredRmspropTakesTheSquaresOfTheSums) {
  Functional model = model_of("once");
  model.compile(
      {.optimizer = optimizers::RMSprop({.learning_rate = 0.05, .centered = true}), .loss = "mse"});
  const Tensor y = floats(golden_["y"], {rows, 2});
  const FitOptions fit{.epochs = 50, .verbose = 0};
  const double loss = model.fit(ids(), y, fit).history.at("loss").back();
  EXPECT_LT(loss, 1.0);
}

}  // namespace
}  // namespace chronicler
