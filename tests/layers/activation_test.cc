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

// A gate is one number: functions of whole rows have no meaning there.
TEST(ActivationLayer, RecurrentLayersRefuseFunctionsOfRows) {
  EXPECT_EQ(error_of([] { layers::LSTM({.units = 2, .activation = "softmax", .name = "memory"}); }),
            "LSTM \"memory\": activation \"softmax\" works on whole rows, a recurrent layer needs "
            "one that works on single numbers: for instance \"tanh\" or \"sigmoid\"");
  EXPECT_EQ(error_of([] {
              layers::GRU({.units = 2, .recurrent_activation = "sparsemax", .name = "memory"});
            }),
            "GRU \"memory\": recurrent_activation \"sparsemax\" works on whole rows, a recurrent "
            "layer needs one that works on single numbers: for instance \"tanh\" or \"sigmoid\"");
}

}  // namespace
}  // namespace chronicler
