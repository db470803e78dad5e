#include "chronicler/layers/sequence_length.h"

#include <gtest/gtest.h>

#include "chronicler/model/model.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using Numbers = std::vector<double>;
using test::error_of;

// Rows 0, 1, 2 and 3, 4, 5: two sequences of three steps.
Tensor two_rows() { return test::ramp({2, 3, 1}); }

Numbers output_of(const LayerPtr& layer) {
  return test::numbers(test::run_layer(*layer, {two_rows()}).values[0]);
}

// What numpy gives for x[:, a:-b], np.pad and np.repeat, by which Keras defines the three.
TEST(SequenceLength, CropsPadsAndRepeats) {
  EXPECT_EQ(output_of(layers::Cropping1D()), (Numbers{1, 4}));
  EXPECT_EQ(output_of(layers::Cropping1D({.cropping = {2, 0}})), (Numbers{2, 5}));
  EXPECT_EQ(output_of(layers::ZeroPadding1D()), (Numbers{0, 0, 1, 2, 0, 0, 3, 4, 5, 0}));
  EXPECT_EQ(output_of(layers::ZeroPadding1D({.padding = {0, 2}})),
            (Numbers{0, 1, 2, 0, 0, 3, 4, 5, 0, 0}));
  EXPECT_EQ(output_of(layers::UpSampling1D()), (Numbers{0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5}));
}

TEST(SequenceLength, OneNumberStandsForBothSides) {
  EXPECT_EQ(output_of(layers::Cropping1D({.cropping = {1}})), (Numbers{1, 4}));
  EXPECT_EQ(output_of(layers::ZeroPadding1D({.padding = {1}})),
            (Numbers{0, 0, 1, 2, 0, 0, 3, 4, 5, 0}));
}

TEST(SequenceLength, StepsMayBeOpen) {
  const std::vector<Shape> open{{None, None, 4}};
  EXPECT_EQ(layers::Cropping1D()->output_shapes(open)[0], open[0]);
  EXPECT_EQ(layers::ZeroPadding1D()->output_shapes(open)[0], open[0]);
  EXPECT_EQ(layers::UpSampling1D()->output_shapes(open)[0], open[0]);
}

TEST(SequenceLength, SaysWhatItNeeds) {
  EXPECT_EQ(error_of([] {
              layers::Cropping1D({.cropping = {1, 2, 3}, .name = "c"});
            }),
            "Cropping1D \"c\": cropping must be one or two numbers, each from 0 to 2147483648, "
            "got 1, 2, 3");
  EXPECT_EQ(error_of([] { layers::ZeroPadding1D({.padding = {-1}, .name = "z"}); }),
            "ZeroPadding1D \"z\": padding must be one or two numbers, each from 0 to 2147483648, "
            "got -1, -1");
  EXPECT_EQ(error_of([] { layers::ZeroPadding1D({.data_format = "channels_last_", .name = "z"}); }),
            "ZeroPadding1D \"z\": unknown data_format \"channels_last_\": did you mean "
            "\"channels_last\" or \"channels_first\"?");
  EXPECT_EQ(error_of([] { layers::UpSampling1D({.size = 0, .name = "u"}); }),
            "UpSampling1D \"u\": size must be from 1 to 2147483648, got 0");
}

TEST(SequenceLength, RefusesInputsThatDoNotFit) {
  const auto build = [](const LayerPtr& layer, const Shape& shape) {
    return error_of([&] { layer->build(std::span(&shape, 1)); });
  };
  EXPECT_EQ(build(layers::Cropping1D({.name = "c"}), {None, 2, 4}),
            "Cropping1D \"c\": of 2 steps none is left: crop less, or give longer sequences");
  EXPECT_EQ(build(layers::UpSampling1D({.name = "u"}), {None, 4}),
            "UpSampling1D \"u\" needs input (batch, steps, features), got (None, 4): set "
            "return_sequences=true on the layer before it");
  EXPECT_EQ(build(layers::UpSampling1D({.size = 1 << 30, .name = "u"}), {None, 3, 4}),
            "UpSampling1D \"u\": 3 steps, 1073741824 times each, are more than 2147483648");
  EXPECT_EQ(error_of([] {
              test::run_layer(*layers::Cropping1D({.cropping = {3, 0}}), {two_rows()});
            }).substr(0, 10),
            "Cropping1D");
}

}  // namespace
}  // namespace chronicler
