#include "chronicler/layers/conv_lstm1d.h"

#include <gtest/gtest.h>

#include "support/conformance.h"

namespace chronicler {
namespace {

TEST(ConvLSTM1D, SaysWhatItNeeds) {
  using test::error_of;
  EXPECT_EQ(
      error_of([] {
        layers::ConvLSTM1D({.filters = 2, .kernel_size = {2}, .name = "c"})
            ->build(std::vector<Shape>{{None, 5, 4}});
      }),
      "ConvLSTM1D \"c\" needs input (batch, steps, places, channels), the last two known, got "
      "(None, 5, 4): give input_shape = {steps, places, channels}");
  EXPECT_EQ(error_of([] {
              layers::ConvLSTM1D({.filters = 2, .kernel_size = {5}, .name = "c"})
                  ->build(std::vector<Shape>{{None, None, 4, 1}});
            }),
            "ConvLSTM1D \"c\": 4 places are fewer than one window: use a smaller kernel_size or "
            "dilation_rate, or padding \"same\"");
  EXPECT_EQ(
      error_of([] {
        layers::ConvLSTM1D(
            {.filters = 2, .kernel_size = {2}, .strides = {2}, .dilation_rate = {2}, .name = "c"});
      }),
      "ConvLSTM1D \"c\": Specifying `strides > 1` is not compatible with `dilation_rate > 1`: "
      "set one of them to 1");
}

TEST(ConvLSTM1D, ForgetGateStartsOpen) {
  const LayerPtr layer = layers::ConvLSTM1D({.filters = 2, .kernel_size = {2}});
  layer->build(std::vector<Shape>{{None, None, 4, 1}});
  EXPECT_EQ(test::numbers(layer->parameters()[2].value),
            (std::vector<double>{0, 0, 1, 1, 0, 0, 0, 0}));
}

TEST(ConvLSTM1D, DropoutIsTheSameAtEveryStep) {
  // One place, one channel, no recurrence: with equal steps, all steps see equal gates.
  const LayerPtr layer = layers::ConvLSTM1D({.filters = 1,
                                             .kernel_size = {1},
                                             .activation = "linear",
                                             .use_bias = false,
                                             .recurrent_initializer = "zeros",
                                             .dropout = 0.5,
                                             .seed = 1,
                                             .return_sequences = true});
  Tensor x({8, 2, 1, 1});
  x.fill(1.0);
  layer->build(std::span(&x.shape(), 1));
  const Tensor y = test::run_layer(*layer, {x}, {.training = true}).values[0];
  const Tensor again = test::run_layer(*layer, {x}, {.training = true}).values[0];
  EXPECT_TRUE(test::same_bits(y, again));
  const Tensor whole = test::run_layer(*layer, {x}).values[0];
  EXPECT_FALSE(test::same_bits(y, whole));
}

}  // namespace
}  // namespace chronicler
