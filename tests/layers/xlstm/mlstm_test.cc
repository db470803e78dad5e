#include "chronicler/layers/mlstm.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "chronicler/model/stream.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::close_to;
using test::differentiate;
using test::error_of;
using test::noise;
using test::numbers;
using test::run_layer;
using test::same_bits;

LayerPtr built(const layers::MLSTMOptions& options, const Shape& shape) {
  const LayerPtr layer = layers::MLSTM(options);
  layer->build(std::span(&shape, 1));
  return layer;
}

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

// The paper's equations without a stabilizer (its formulas 19 to 27), for heads of one unit.
TEST(MLSTM, FollowsThePapersEquations) {
  const Tensor x({1, 4, 1}, std::vector<float>{1, -2, 0.5F, 3});
  const LayerPtr layer = built({.units = 2, .heads = 2, .return_state = true}, x.shape());
  const Tensor kernel = noise({1, 12}, 4);
  const Tensor bias = noise({12}, 5);
  copy(kernel, layer->parameters()[0].value);
  copy(bias, layer->parameters()[1].value);
  const test::LayerOutput output = run_layer(*layer, {x});
  for (std::size_t head = 0; head < 2; ++head) {
    double c = 0.0;
    double n = 0.0;
    double h = 0.0;
    for (std::size_t t = 0; t < 4; ++t) {
      const auto sum = [&](std::size_t block) {
        const std::size_t column = 2 * block + head;
        return numbers(kernel)[column] * numbers(x)[t] + numbers(bias)[column];
      };
      const double i = std::exp(sum(4));
      const double f = sigmoid(sum(5));
      c = f * c + i * sum(1) * sum(2);
      n = f * n + i * sum(1);
      h = sigmoid(sum(3)) * c * sum(0) / std::max(std::abs(n * sum(0)), 1.0);
    }
    EXPECT_NEAR(numbers(output.values[0])[head], h, 1e-5);
    const double scale = std::exp(numbers(output.values[4])[head]);
    EXPECT_NEAR(numbers(output.values[2])[head] * scale, c, 1e-5 * std::max(1.0, std::abs(c)));
    EXPECT_NEAR(numbers(output.values[3])[head] * scale, n, 1e-5 * std::max(1.0, std::abs(n)));
  }
}

// T 4,096, as step by step; and so are the gradients.
TEST(MLSTM, ChunksEqualSteps) {
  const Shape shape{1, 4096, 8};
  const Tensor x = noise(shape, 1);
  layers::MLSTMOptions options{.units = 32, .heads = 2, .return_sequences = true};
  const LayerPtr in_chunks = built(options, shape);
  options.chunk_size = 1;
  const LayerPtr in_steps = built(options, shape);
  for (std::size_t i = 0; i < 2; ++i)
    copy(in_chunks->parameters()[i].value, in_steps->parameters()[i].value);
  EXPECT_TRUE(
      close_to(run_layer(*in_chunks, {x}).values[0], run_layer(*in_steps, {x}).values[0], 1e-4));
  const std::vector<Tensor> flowing{noise({1, 4096, 32}, 2)};
  const test::LayerGradient a = differentiate(*in_chunks, {x}, flowing);
  const test::LayerGradient b = differentiate(*in_steps, {x}, flowing);
  EXPECT_TRUE(close_to(a.inputs[0], b.inputs[0], 1e-4));
  for (std::size_t i = 0; i < a.weights.size(); ++i) {
    double largest = 1.0;
    for (const double each : numbers(b.weights[i])) largest = std::max(largest, std::abs(each));
    EXPECT_TRUE(close_to(a.weights[i], b.weights[i], 1e-4 * largest));
  }
}

// A stream computes step by step: the bits of a layer that does, and near those of chunks.
TEST(MLSTM, StreamAgrees) {
  const Tensor x = noise({1, 150, 5}, 3);
  Sequential chunks({layers::Input(Shape{None, 5}),
                     layers::MLSTM({.units = 12, .heads = 2, .return_sequences = true})});
  Sequential steps(
      {layers::Input(Shape{None, 5}),
       layers::MLSTM({.units = 12, .heads = 2, .chunk_size = 1, .return_sequences = true})});
  steps.set_weights(chunks.get_weights());
  const Tensor by_chunks = chunks(x);
  const Tensor by_steps = steps(x);
  EXPECT_TRUE(close_to(by_chunks, by_steps, 1e-5));
  Stream stream = chunks.stream();
  for (std::int64_t t = 0; t < 150; ++t) {
    const std::span<const float> y = stream.step({x.as<float>() + t * 5, 5});
    for (std::size_t i = 0; i < 12; ++i)
      EXPECT_EQ(y[i], by_steps.as<float>()[static_cast<std::size_t>(t) * 12 + i]);
  }
}

// What a mask leaves out might as well not be there, in chunks, too.
TEST(MLSTM, MaskedStepsAreAbsentFromChunks) {
  constexpr std::int64_t steps = 90;
  const LayerPtr layer = built({.units = 6, .heads = 2, .chunk_size = 16}, {1, steps, 3});
  const Tensor x = noise({1, steps, 3}, 4);
  Tensor mask({1, steps}, DType::boolean);
  std::vector<float> left;
  for (std::int64_t t = 0; t < steps; ++t) {
    const bool counts = t % 5 != 2;
    mask.as<std::uint8_t>()[t] = counts ? 1 : 0;
    for (std::int64_t i = 0; counts && i < 3; ++i) left.push_back(x.as<float>()[t * 3 + i]);
  }
  const auto count = static_cast<std::int64_t>(left.size()) / 3;
  const Tensor whole = run_layer(*layer, {x, mask}).values[0];
  EXPECT_TRUE(same_bits(whole, run_layer(*layer, {Tensor({1, count, 3}, left)}).values[0]));
}

TEST(MLSTM, ForgetGateStartsOpen) {
  const LayerPtr layer = built({.units = 2, .heads = 2}, {None, 4, 2});
  const std::vector<double> bias = numbers(layer->parameters()[1].value);
  EXPECT_EQ(bias, (std::vector<double>{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1}));
}

TEST(MLSTM, RefusesWhatDoesNotFit) {
  EXPECT_EQ(
      error_of([] { layers::MLSTM({.units = 6, .heads = 4, .name = "m"}); }),
      "MLSTM \"m\": 6 units do not fall into 4 equal heads: give a number of units that heads "
      "divides");
  EXPECT_NE(error_of([] { layers::MLSTM({.units = 6, .chunk_size = 0}); }).find("chunk_size"),
            std::string::npos);
}

}  // namespace
}  // namespace chronicler
