#include "kernels/activation.h"

#include <cmath>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;
using test::run_layer;

TEST(ActivationLayer, AppliesAFunction) {
  const Tensor x({1, 3}, std::vector<float>{-1, 0, 2});
  EXPECT_EQ(test::numbers(run_layer(*layers::Activation("relu"), {x}).values[0]),
            (std::vector<double>{0, 0, 2}));
  EXPECT_NEAR(test::numbers(run_layer(*layers::Activation("tanh"), {x}).values[0])[2],
              std::tanh(2.0), 1e-6);
}

TEST(ActivationLayer, PassesTheMaskOn) {
  const test::LayerInput input{test::noise({2, 3, 4}, 1), test::mask_from("110/100")};
  EXPECT_TRUE(test::same_bits(run_layer(*layers::Activation("relu"), input).mask, input.mask));
}

// Every function that the kernels know is an option, under the name Keras writes.
TEST(ActivationLayer, TakesEveryFunction) {
  for (const std::string_view name : kernels::activation_names()) {
    const LayerPtr layer = layers::Activation(std::string(name));
    const Tensor y = run_layer(*layer, {test::noise({2, 5}, 1)}).values[0];
    EXPECT_EQ(y.shape(), (Shape{2, 5})) << name;
  }
  EXPECT_EQ(Activation("swish").name(), "silu");
  EXPECT_EQ(Activation(static_cast<const char*>(nullptr)).name(), "linear");
}

TEST(ActivationLayer, RefusesAnUnknownFunction) {
  const std::string message = error_of([] { layers::Activation("rleu"); });
  EXPECT_TRUE(message.starts_with("unknown activation \"rleu\"")) << message;
  EXPECT_NE(message.find("relu"), std::string::npos) << message;
}

// Functions of whole rows work over the units, as in Keras.
TEST(ActivationLayer, RecurrentLayersTakeFunctionsOfRows) {
  for (const LayerPtr& layer : {layers::SimpleRNN({.units = 3, .activation = "softmax"}),
                                layers::LSTM({.units = 3, .recurrent_activation = "softmax"}),
                                layers::GRU({.units = 3, .activation = "softmax"})}) {
    const test::LayerOutput output = run_layer(*layer, {test::noise({2, 4, 3}, 1)});
    EXPECT_EQ(output.values[0].shape(), (Shape{2, 3})) << layer->class_name();
  }
  // One step of a SimpleRNN: the softmax of a row sums to 1.
  const LayerPtr rnn = layers::SimpleRNN({.units = 3, .activation = "softmax"});
  const std::vector<double> y =
      test::numbers(run_layer(*rnn, {test::noise({1, 1, 3}, 1)}).values[0]);
  EXPECT_NEAR(y[0] + y[1] + y[2], 1.0, 1e-6);
}

}  // namespace
}  // namespace chronicler
