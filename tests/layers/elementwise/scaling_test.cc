// Means, variances and scales as options; what they compute is tests/golden/scaling_by_lists's.
#include "chronicler/layers/scaling.h"

#include <gtest/gtest.h>

#include "chronicler/layers/input.h"
#include "chronicler/model/model.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;
using test::numbers;
using Values = std::vector<double>;

const Tensor x({1, 2, 3}, std::vector<float>{0, 1, 2, 3, 4, 5});

Values output_of(const LayerPtr& layer) {
  return numbers(Sequential({layers::Input({2, 3}), layer})(x));
}

// Keras 3.15.1's numbers.
TEST(Normalization, TakesMeanAndVariance) {
  const auto output = [](const layers::NormalizationOptions& options) {
    return output_of(layers::Normalization(options));
  };
  EXPECT_EQ(output({.mean = 2, .variance = 4}), (Values{-1, -0.5, 0, 0.5, 1, 1.5}));
  EXPECT_EQ(output({.axis = {}, .mean = 2, .variance = 4}), (Values{-1, -0.5, 0, 0.5, 1, 1.5}));
  EXPECT_EQ(output({.mean = {1, 2, 3}, .variance = {4, 1, 0.25}}), (Values{-0.5, -1, -2, 1, 2, 4}));
  EXPECT_EQ(output({.mean = {1}, .variance = {4}}), (Values{-0.5, 0, 0.5, 1, 1.5, 2}));
  EXPECT_EQ(output({.axis = {1}, .mean = {2, 1}, .variance = {4, 1}}),
            (Values{-1, -0.5, 0, 2, 3, 4}));
  const NumberArray both = NumberArray::of({2, 3}, {1, 4, 9, 1, 4, 9});
  EXPECT_EQ(output({.axis = {2, 1}, .mean = both, .variance = both}),
            (Values{-1, -1.5, (2.0F - 9.0F) / 3.0F, 2, 0, (5.0F - 9.0F) / 3.0F}));
  // Fewer lists than axes go with the last ones.
  EXPECT_EQ(output({.axis = {1, 2}, .mean = {1, 2, 3}, .variance = {4, 1, 0.25}}),
            (Values{-0.5, -1, -2, 1, 2, 4}));
  EXPECT_EQ(output({.mean = {1, 2, 3}, .variance = {4, 1, 0.25}, .invert = true}),
            (Values{1, 3, 4, 7, 6, 5.5}));
  EXPECT_TRUE(Sequential({layers::Input({2, 3}), layers::Normalization({.mean = 1, .variance = 1})})
                  .get_weights()
                  .empty());
}

TEST(Normalization, RefusesNumbersThatDoNotFit) {
  const auto says = [](const layers::NormalizationOptions& options, const std::string& part) {
    const std::string message = error_of([&] { output_of(layers::Normalization(options)); });
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  says({.mean = 1}, "mean and variance go together: give both");
  says({.mean = 1, .variance = {1, 2, 3}}, "must have one shape, got () and (3,)");
  says({.axis = {}, .mean = {1, 2, 3}, .variance = {1, 2, 3}}, "mean of shape (3,) for 0 axes");
  says({.mean = {1, 2}, .variance = {1, 2}},
       "mean of shape (2,) does not fit axes of extents (3,)");
  const LayerPtr given = layers::Normalization({.mean = 1, .variance = 1});
  EXPECT_NE(error_of([&] { layers::adapt(*given, x); }).find("are given"), std::string::npos);
}

TEST(Rescaling, TakesLists) {
  const auto output = [](const NumberArray& scale, const NumberArray& offset) {
    return output_of(layers::Rescaling({.scale = scale, .offset = offset}));
  };
  EXPECT_EQ(output({1, 2, 3}, {1, 0, -1}), (Values{1, 2, 5, 4, 8, 14}));
  EXPECT_EQ(output({2}, 1), (Values{1, 3, 5, 7, 9, 11}));
  EXPECT_EQ(output(NumberArray::of({2, 3}, {1, 2, 3, 4, 5, 6}), 1), (Values{1, 3, 7, 13, 21, 31}));
  EXPECT_EQ(output(NumberArray::of({2, 1}, {1, 4}), {1, 2, 3}), (Values{1, 3, 5, 13, 18, 23}));
  EXPECT_EQ(output(NumberArray::of({1, 2, 1}, {1, 4}), 0), (Values{0, 1, 2, 12, 16, 20}));
}

TEST(Rescaling, RefusesNumbersThatDoNotFit) {
  const auto says = [](const NumberArray& scale, const std::string& part) {
    const std::string message = error_of([&] { output_of(layers::Rescaling({.scale = scale})); });
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  says({1, 2}, "numbers of shape (2,) do not fit an input of shape (None, 2, 3)");
  says(NumberArray::of({2, 1, 3}, {1, 2, 3, 4, 5, 6}), "do not fit");  // of the batch
  says(NumberArray::of({1, 1, 1, 1}, {1}), "do not fit");
  says(NumberArray(), "must be numbers");
}

}  // namespace
}  // namespace chronicler
