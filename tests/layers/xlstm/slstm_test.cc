#include "chronicler/layers/slstm.h"

#include <array>
#include <cmath>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "chronicler/base/random.h"
#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "chronicler/training/compile.h"
#include "chronicler/training/fit.h"
#include "chronicler/training/optimizers/adam.h"
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

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

LayerPtr built(const layers::SLSTMOptions& options, const Shape& shape) {
  const LayerPtr layer = layers::SLSTM(options);
  layer->build(std::span(&shape, 1));
  return layer;
}

// The paper's equations without a stabilizer (its formulas 8 to 14), for one unit: m cancels out.
TEST(SLSTM, FollowsThePapersEquations) {
  for (const char* forget : {"sigmoid", "exponential"}) {
    const Tensor x({1, 4, 1}, std::vector<float>{1, -2, 0.5F, 3});
    const LayerPtr layer =
        built({.units = 1, .forget_activation = forget, .return_state = true}, x.shape());
    const std::vector<float> kernel{0.5F, -0.3F, 0.8F, 0.2F};
    const std::vector<float> recurrent{0.1F, 0.4F, -0.6F, 0.7F};
    const std::vector<float> bias{0.05F, 1.0F, -0.1F, 0.3F};
    copy(Tensor({1, 4}, kernel), layer->parameters()[0].value);
    copy(Tensor({1, 4}, recurrent), layer->parameters()[1].value);
    copy(Tensor({4}, bias), layer->parameters()[2].value);
    double h = 0.0;
    double c = 0.0;
    double n = 0.0;
    for (std::size_t t = 0; t < 4; ++t) {
      const auto sum = [&](std::size_t gate) {
        return static_cast<double>(kernel[gate]) * static_cast<double>(x.as<float>()[t]) +
               static_cast<double>(recurrent[gate]) * h + static_cast<double>(bias[gate]);
      };
      const double i = std::exp(sum(0));
      const double f = forget[0] == 's' ? sigmoid(sum(1)) : std::exp(sum(1));
      c = f * c + i * std::tanh(sum(2));
      n = f * n + i;
      h = sigmoid(sum(3)) * c / n;
    }
    const test::LayerOutput output = run_layer(*layer, {x});
    EXPECT_NEAR(numbers(output.values[0])[0], h, 1e-6);
    EXPECT_NEAR(numbers(output.values[1])[0], h, 1e-6);
    const double scale = std::exp(numbers(output.values[4])[0]);
    EXPECT_NEAR(numbers(output.values[2])[0] * scale, c, 1e-5 * std::abs(c));
    EXPECT_NEAR(numbers(output.values[3])[0] * scale, n, 1e-5 * std::abs(n));
  }
}

// A layer of heads is as many layers as it has heads.
TEST(SLSTM, HeadsDoNotSeeOneAnother) {
  const Shape shape{3, 5, 4};
  const LayerPtr both = built({.units = 6, .heads = 2, .return_sequences = true}, shape);
  const LayerPtr one = built({.units = 3, .return_sequences = true}, shape);
  const Tensor x = noise(shape, 1);
  const Tensor y = run_layer(*both, {x}).values[0];
  for (std::int64_t head = 0; head < 2; ++head) {
    for (std::size_t w = 0; w < 3; ++w) {
      const Tensor& all = both->parameters()[w].value;
      Tensor& own = one->parameters()[w].value;
      const std::int64_t rows = all.size() / 24;
      for (std::int64_t i = 0; i < rows * 12; ++i) {
        const std::int64_t gate = i % 12 / 3;
        own.as<float>()[i] = all.as<float>()[i / 12 * 24 + gate * 6 + head * 3 + i % 3];
      }
    }
    const Tensor alone = run_layer(*one, {x}).values[0];
    for (std::int64_t i = 0; i < alone.size(); ++i)
      EXPECT_EQ(alone.as<float>()[i], y.as<float>()[i / 3 * 6 + head * 3 + i % 3]);
  }
}

// Inputs that send every gate to +-100: all is finite, forward and back, in both types.
TEST(SLSTM, GatesOfAHundredDoNotOverflow) {
  for (const char* forget : {"sigmoid", "exponential"}) {
    for (const char* dtype : {"float32", "float64"}) {
      SCOPED_TRACE(fmt::format("{}, {}", forget, dtype));
      const Shape shape{16, 40, 4};
      const LayerPtr layer = built({.units = 8,
                                    .heads = 2,
                                    .forget_activation = forget,
                                    .return_sequences = true,
                                    .return_state = true,
                                    .dtype = dtype},
                                   shape);
      layer->parameters()[0].value.fill(0.0);
      for (std::int64_t i = 0; i < 4 * 32; ++i) {  // feature k decides gate k
        if (i / 32 != i % 32 / 8) continue;
        const Tensor hundred({1}, std::vector<float>{100.0F});
        copy(hundred.to(layer->dtype()), layer->parameters()[0].value.part(i, {1}));
      }
      Tensor x = noise(shape, 3);
      for (std::int64_t i = 0; i < x.size(); ++i)
        x.as<float>()[i] = x.as<float>()[i] < 0 ? -1.0F : 1.0F;
      const test::LayerInput input{x.to(layer->dtype())};
      const test::LayerOutput output = run_layer(*layer, input);
      std::vector<Tensor> flowing;
      for (const Tensor& value : output.values)
        flowing.push_back(noise(value.shape(), 5).to(layer->dtype()));
      const test::LayerGradient gradient = differentiate(*layer, input, flowing);
      for (const std::vector<Tensor>* all : {&output.values, &gradient.inputs, &gradient.weights}) {
        for (const Tensor& tensor : *all) {
          for (const double each : numbers(tensor)) ASSERT_TRUE(std::isfinite(each));
        }
      }
      for (const double each : numbers(output.values[0])) EXPECT_LE(std::abs(each), 1.0 + 1e-6);
    }
  }
}

TEST(SLSTM, ForgetGateStartsOpen) {
  const LayerPtr layer = built({.units = 2}, {None, 4, 2});
  EXPECT_EQ(numbers(layer->parameters()[2].value), (std::vector<double>{0, 0, 1, 1, 0, 0, 0, 0}));
}

TEST(SLSTM, RefusesWhatDoesNotFit) {
  EXPECT_EQ(
      error_of([] { layers::SLSTM({.units = 6, .heads = 4, .name = "s"}); }),
      "SLSTM \"s\": 6 units do not fall into 4 equal heads: give a number of units that heads "
      "divides");
  EXPECT_EQ(error_of([] { layers::SLSTM({.units = 6, .activation = "softmax", .name = "s"}); }),
            "SLSTM \"s\": its activations work on one number at a time, got softmax and sigmoid: "
            "give others than softmax and log_softmax");
  EXPECT_NE(error_of([] {
              layers::SLSTM({.units = 6, .forget_activation = "tanh", .name = "s"});
            }).find("forget_activation"),
            std::string::npos);
}

// The parity of all bits so far, which no linear recurrence with positive factors can tell.
TEST(SLSTM, BeginsToLearnParity) {
  set_random_seed(3);
  constexpr std::int64_t rows = 256;
  constexpr std::int64_t steps = 6;
  const Tensor draws = noise({rows, steps, 1}, 7);
  Tensor x({rows, steps, 1});
  Tensor y({rows, steps, 1});
  for (std::int64_t row = 0; row < rows; ++row) {
    bool odd = false;
    for (std::int64_t t = 0; t < steps; ++t) {
      const std::int64_t i = row * steps + t;
      const bool bit = draws.as<float>()[i] > 0;
      odd = odd != bit;
      x.as<float>()[i] = bit ? 1.0F : 0.0F;
      y.as<float>()[i] = odd ? 1.0F : 0.0F;
    }
  }
  Sequential model({layers::SLSTM({.units = 24, .heads = 2, .return_sequences = true}),
                    layers::Dense({.units = 1, .activation = "sigmoid"})});
  model.compile(
      {.optimizer = optimizers::Adam({.learning_rate = 0.02}), .loss = "binary_crossentropy"});
  const History history = model.fit(x, y, {.batch_size = 64, .epochs = 60, .verbose = 0});
  const std::vector<double>& losses = history.history.at("loss");
  EXPECT_GT(losses.front(), 0.65);
  EXPECT_LT(losses.back(), 0.2);
}

}  // namespace
}  // namespace chronicler
