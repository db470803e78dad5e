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
#include "chronicler/training/optimizers/rmsprop.h"
#include "training/losses/golden_numbers.h"

namespace chronicler {
namespace {

constexpr std::int64_t id_count = 5;
constexpr std::int64_t width = 3;
constexpr std::int64_t rows = 6;
constexpr std::int64_t steps = 4;

Tensor floats(const Json& list, const Shape& shape, DType dtype = DType::float32) {
  return Tensor(shape, list.get<std::vector<double>>()).to(dtype);
}

Functional model_of(const std::string& kind, DType type = DType::float32) {
  const std::string dtype(name_of(type));
  const bool reversible = kind == "reversible" || kind == "reversed";
  const LayerPtr table =
      reversible ? layers::ReversibleEmbedding(
                       {.input_dim = id_count, .output_dim = width, .dtype = dtype})
                 : layers::Embedding({.input_dim = id_count, .output_dim = width, .dtype = dtype});
  const Symbol ids = Input({.shape = {steps}, .dtype = "int32"});
  std::vector<Symbol> inputs{ids};
  Symbols vectors = table(ids);
  if (kind == "twice") {  // the other ids are an input of their own here
    inputs.push_back(Input({.shape = {steps}, .dtype = "int32"}));
    vectors = layers::Add({.dtype = dtype})(Symbols{vectors[0], table(inputs[1])[0]});
  }
  if (kind == "nested") {
    const Symbol inside = Input({.shape = {steps}, .dtype = "int32"});
    vectors = Functional(inside, table(inside))(Symbols(ids));
  }
  Symbols out = layers::Dense({.units = 2, .activation = "tanh", .dtype = dtype})(
      layers::Flatten({.dtype = dtype})(vectors));
  if (kind == "reversed") {
    const Symbols mean = layers::GlobalAveragePooling1D({.dtype = dtype})(
        table(vectors, {.reverse = true}));  // (None, 5)
    const LayerPtr first_two = layers::Dense({.units = 2,
                                              .use_bias = false,
                                              .kernel_initializer = "identity",
                                              .trainable = false,
                                              .dtype = dtype});
    out = layers::Add({.dtype = dtype})(Symbols{out[0], first_two(mean)[0]});
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

  void check(const Json& object, DType dtype, double bound) const {
    const std::string kind = object["kind"].get<std::string>();
    Functional model = model_of(kind, dtype);
    const Json& start = golden_["start"];
    std::vector<Tensor> weights = model.get_weights();
    weights[0] = floats(start["table"], {id_count, width}, dtype);
    weights[1] = floats(start["kernel"], {steps * width, 2}, dtype);
    weights[2] = floats(start["bias"], {2}, dtype);
    model.set_weights(weights);
    model.compile({.optimizer = optimizers::from(object["optimizer"].get<std::string>(),
                                                 test::settings_of(object["settings"])),
                   .loss = "mse"});
    const TensorList x = kind == "twice" ? TensorList({ids(), other_ids()}) : TensorList({ids()});
    const Tensor y = floats(golden_["y"], {rows, 2}, dtype);
    double loss = 0.0;
    for (int i = 0; i < golden_["steps"].get<int>(); ++i) loss = model.train_on_batch(x, y).loss();
    EXPECT_NEAR(loss, object["loss"].get<double>(), bound / 2.0);
    weights = model.get_weights();
    expect_weights(weights[0], object["table"], bound, "table");
    expect_weights(weights[2], object["bias"], bound, "bias");
  }

  static void expect_weights(const Tensor& found, const Json& expected, double bound,
                             const char* what) {
    const Tensor numbers = found.to(DType::float64);
    double largest = 0.0;
    for (std::int64_t i = 0; i < numbers.size(); ++i) {
      const double wanted = expected[static_cast<std::size_t>(i)].get<double>();
      largest = std::max(largest, std::abs(numbers.as<double>()[i] - wanted));
    }
    EXPECT_LT(largest, bound) << what;
  }

  Json golden_;
};

TEST_F(SparseGradients, AreThoseOfKerasForEveryOptimizerAndClipping) {
  for (const Json& object : golden_["cases"]) {
    SCOPED_TRACE(object.dump());
    check(object, DType::float32, 2e-5);
  }
}

// What is left in float32 is rounding, which RMSprop magnifies where a gradient nearly cancels out.
// (Of others Keras rounds constants to float32 in double, too.)
TEST_F(SparseGradients, OfRmspropAreThoseOfKerasInDouble) {
  for (const Json& object : golden_["cases"]) {
    if (object["optimizer"] != "RMSprop") continue;
    SCOPED_TRACE(object.dump());
    check(object, DType::float64, 1e-9);
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
