#include "formats/old_keras/old_weights.h"

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;

Tensor counted(const Shape& shape) {
  Tensor tensor(shape);
  for (std::int64_t i = 0; i < tensor.size(); ++i) tensor.as<float>()[i] = static_cast<float>(i);
  return tensor;
}

// The golden files of tests/golden/legacy and tests/golden/versions hold the rest to Keras.
TEST(OldWeights, PutsTheGatesOfKeras1SideBySide) {
  const Sequential model({layers::Input(Shape{None, 1}), layers::LSTM({.units = 1})});
  std::vector<Tensor> weights;
  for (const float gate : {1.0F, 2.0F, 3.0F, 4.0F}) {  // i, c, f, o
    weights.push_back(Tensor({1, 1}, std::vector<float>{gate}));
    weights.push_back(Tensor({1, 1}, std::vector<float>{10 * gate}));
    weights.push_back(Tensor({1}, std::vector<float>{100 * gate}));
  }
  const RenewedWeights renewed = renewed_weights(weight_places(model), weights, "tensorflow");
  EXPECT_TRUE(renewed.changed);
  ASSERT_EQ(renewed.values.size(), 3U);
  EXPECT_EQ(test::numbers(renewed.values[0]), (std::vector<double>{1, 3, 2, 4}));
  EXPECT_EQ(test::numbers(renewed.values[2]), (std::vector<double>{100, 300, 200, 400}));
}

TEST(OldWeights, TurnsTheKernelsOfTheanoAndOfKeras1) {
  const Sequential model({layers::Input(Shape{None, 2}),
                          layers::Conv1D({.filters = 1, .kernel_size = {3}, .use_bias = false})});
  const std::vector<WeightPlace> places = weight_places(model);
  const auto kernel = [&](const Tensor& weight, const std::string& backend) {
    return test::numbers(renewed_weights(places, {weight}, backend).values.front());
  };
  EXPECT_EQ(kernel(counted({3, 2, 1}), "tensorflow"), (std::vector<double>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(kernel(counted({3, 2, 1}), "theano"), (std::vector<double>{4, 5, 2, 3, 0, 1}));
  EXPECT_EQ(kernel(counted({3, 1, 2, 1}), "tensorflow"), (std::vector<double>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(kernel(counted({1, 2, 3, 1}), "tensorflow"), (std::vector<double>{0, 3, 1, 4, 2, 5}));
}

TEST(OldWeights, RefusesWhatDoesNotFit) {
  const Sequential model({layers::Input(Shape{None, 1}), layers::LSTM({.units = 1})});
  const std::vector<WeightPlace> places = weight_places(model);
  EXPECT_EQ(error_of([&] {
              renewed_weights(places, {counted({1, 4})}, "");
            }),
            "it must have 1 weights more than it has");
  EXPECT_EQ(
      error_of([&] {
        renewed_weights(places, {counted({1, 4}), counted({1, 4}), counted({4}), counted({4})}, "");
      }),
      "it has 1 weights that belong to nothing");
  EXPECT_NE(error_of([&] {
              std::vector<Tensor> gates(12, counted({1, 1}));
              gates[3] = counted({1, 2});
              renewed_weights(places, gates, "");
            }).find("the gates of a layer have weights of shapes"),
            std::string::npos);
}

}  // namespace
}  // namespace chronicler
