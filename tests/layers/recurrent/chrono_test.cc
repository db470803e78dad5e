#include "layers/recurrent/chrono.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;
using test::noise;
using test::same_bits;

Tensor bias_of(const LayerPtr& layer, const Shape& input = {None, 100, 3}) {
  layer->build(std::vector<Shape>{input});
  return layer->parameters()[2].value;
}

// Of gate `gate`, from e^0 to e^b: U(1, t_max - 1).
std::vector<double> spans(const Tensor& bias, std::int64_t gate, std::int64_t units) {
  std::vector<double> result;
  for (std::int64_t i = 0; i < units; ++i)
    result.push_back(std::exp(double{bias.as<float>()[gate * units + i]}));
  return result;
}

void expect_uniform(std::vector<double> values, double low, double high) {
  std::sort(values.begin(), values.end());
  const double width = high - low;
  EXPECT_GE(values.front(), low * (1 - 1e-6));
  EXPECT_LE(values.back(), high * (1 + 1e-6));
  EXPECT_NEAR(values[values.size() / 2], low + width / 2, width / 10);
  EXPECT_NEAR(values[values.size() / 4], low + width / 4, width / 10);
}

TEST(Chrono, OpensTheForgetGateOfAnLSTM) {
  constexpr std::int64_t units = 500;
  set_random_seed(1);
  for (const bool unit_forget_bias : {true, false}) {
    const Tensor bias = bias_of(layers::LSTM({.units = units,
                                              .bias_initializer = initializers::Chrono(1000),
                                              .unit_forget_bias = unit_forget_bias}));
    expect_uniform(spans(bias, 1, units), 1, 999);
    for (std::int64_t i = 0; i < units; ++i) {
      EXPECT_EQ(bias.as<float>()[i], -bias.as<float>()[units + i]);
      EXPECT_EQ(bias.as<float>()[2 * units + i], 0.0F);
      EXPECT_EQ(bias.as<float>()[3 * units + i], 0.0F);
    }
  }
}

TEST(Chrono, OpensTheUpdateGateOfAGRU) {
  constexpr std::int64_t units = 500;
  set_random_seed(1);
  for (const bool reset_after : {true, false}) {
    const Tensor bias = bias_of(layers::GRU({.units = units,
                                             .bias_initializer = initializers::Chrono(1000),
                                             .reset_after = reset_after}));
    expect_uniform(spans(bias, 0, units), 1, 999);
    for (std::int64_t i = units; i < bias.size(); ++i) EXPECT_EQ(bias.as<float>()[i], 0.0F);
  }
}

TEST(Chrono, TakesTheStepsThatTheLayerIsBuiltFor) {
  set_random_seed(1);
  const Tensor bias = bias_of(layers::LSTM({.units = 400, .bias_initializer = "chrono"}));
  expect_uniform(spans(bias, 1, 400), 1, 99);
  const std::string error = error_of([] {
    bias_of(layers::GRU({.units = 4, .bias_initializer = "chrono", .name = "gates"}),
            {None, None, 3});
  });
  EXPECT_NE(error.find("GRU \"gates\": bias_initializer chrono needs t_max"), std::string::npos)
      << error;
  // Few steps, and none that is remembered for long.
  const Tensor one =
      bias_of(layers::LSTM({.units = 4, .bias_initializer = "chrono"}), {None, 1, 3});
  EXPECT_EQ(one.as<float>()[4], 0.0F);
}

TEST(Chrono, DrawsFromItsSeed) {
  const auto bias = [](std::optional<std::int64_t> seed, std::uint64_t global) {
    set_random_seed(global);
    return bias_of(layers::LSTM({.units = 8, .bias_initializer = initializers::Chrono(50, seed)}));
  };
  EXPECT_TRUE(same_bits(bias(3, 1), bias(3, 2)));
  EXPECT_FALSE(same_bits(bias(3, 1), bias(4, 1)));
  EXPECT_TRUE(same_bits(bias({}, 1), bias({}, 1)));
  EXPECT_FALSE(same_bits(bias({}, 1), bias({}, 2)));
}

TEST(Chrono, RefusesWhatHasNoSuchGates) {
  const auto expect = [](const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text << "\nwithout: " << part;
  };
  expect(error_of([] {
           bias_of(layers::SimpleRNN({.units = 4, .bias_initializer = initializers::Chrono(10)}));
         }),
         "chrono starts the gates of an LSTM or a GRU by their bias_initializer");
  expect(error_of([] {
           layers::Dense({.units = 4, .kernel_initializer = "chrono"})
               ->build(std::vector<Shape>{Shape{None, 3}});
         }),
         "not a weight of shape (3, 4)");
  expect(error_of([] { initializers::Chrono(1); }), "t_max");
}

// Le, Jaitly and Hinton 2015: relu and an identity keep what they have; and an orthogonal matrix
// keeps its length.
TEST(SimpleRNNStarts, KeepTheirState) {
  const Tensor x({1, 200, 1});
  Tensor start({1, 6});
  for (std::int64_t i = 0; i < 6; ++i) start.as<float>()[i] = 0.5F + static_cast<float>(i);
  const auto last = [&](const Initializer& recurrent, const char* activation) {
    const LayerPtr layer = layers::SimpleRNN(
        {.units = 6, .activation = activation, .recurrent_initializer = recurrent});
    layer->build(std::vector<Shape>{Shape{None, None, 1}});
    Arena arena;
    Pass pass{arena, Runtime::global()};
    const std::vector<Value> inputs{{x, {}}, {start, {}}};
    std::vector<Value> outputs(1);
    Call call{inputs, outputs};
    layer->forward(pass, call);
    return own(outputs[0].data);
  };
  EXPECT_TRUE(same_bits(last("identity", "relu"), start));
  const Tensor turned = last("orthogonal", "linear");
  double before = 0.0;
  double after = 0.0;
  for (std::int64_t i = 0; i < 6; ++i) {
    before += std::pow(double{start.as<float>()[i]}, 2);
    after += std::pow(double{turned.as<float>()[i]}, 2);
  }
  EXPECT_NEAR(before, after, 1e-3 * before);
}

}  // namespace
}  // namespace chronicler
