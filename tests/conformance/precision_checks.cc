// float32 on every instruction set against float64.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "conformance/checks.h"
#include "kernels/isa.h"

namespace chronicler::test {
namespace {

// Everything that a layer computes in one pass.
struct Everything {
  LayerOutput output;
  LayerGradient gradient;
};

LayerInput with_dtype(const LayerInput& input, DType dtype) {
  LayerInput other = input;
  if (input.x.dtype() != DType::int32 && input.x.dtype() != DType::text)
    other.x = input.x.to(dtype);
  for (Tensor& state : other.states) state = state.to(dtype);
  for (LayerInput::More& more : other.more) more.x = more.x.to(dtype);
  return other;
}

Everything compute(const LayerCase& c, Layer& layer, const LayerInput& input) {
  Everything all;
  all.output = run_layer(layer, input, mode_of(c));
  std::vector<Tensor> flowing;
  for (std::size_t i = 0; i < all.output.values.size(); ++i)
    flowing.push_back(noise(all.output.values[i].shape(), 100 + i).to(layer.dtype()));
  all.gradient = differentiate(layer, input, flowing, mode_of(c));
  return all;
}

double largest(const TensorView& tensor) {
  double value = 0.0;
  for (const double each : numbers(tensor)) value = std::max(value, std::abs(each));
  return value;
}

// Additions and products on the way from an input to a result: the longest chain of roundings.
double depth_of(const LayerCase& c, const Layer& layer) {
  double depth = static_cast<double>(c.input[-1]);
  for (const Parameter& parameter : layer.parameters())
    depth +=
        parameter.value.shape().rank() == 0 ? 1.0 : static_cast<double>(parameter.value.shape()[0]);
  if (c.input.rank() > 2) depth += static_cast<double>(c.input[1]);
  return depth;
}

// Roundings are spread around zero, so their sum grows like the square root of their number; what
// is summed twice (backwards through time, over rows) gets a factor.
constexpr double forward_factor = 4.0;
constexpr double backward_factor = 16.0;

void compare(const LayerCase& c, const Layer& layer, const std::vector<Tensor>& fast,
             const std::vector<Tensor>& reference, double factor, const char* what) {
  const double epsilon = static_cast<double>(std::numeric_limits<float>::epsilon());
  ASSERT_EQ(fast.size(), reference.size());
  for (std::size_t i = 0; i < fast.size(); ++i) {
    ASSERT_EQ(static_cast<bool>(fast[i]), static_cast<bool>(reference[i]));
    if (!fast[i]) continue;
    const double scale = std::max(1.0, largest(reference[i]));
    const double tolerance = factor * std::sqrt(depth_of(c, layer)) * epsilon * scale;
    EXPECT_TRUE(close_to(fast[i], reference[i], tolerance)) << what << " " << i;
  }
}

void compare_with_reference(const LayerCase& c) {
  const LayerPtr fast = built_layer(c, DType::float32);
  const LayerPtr reference = built_layer(c, DType::float64);
  for (std::size_t i = 0; i < fast->parameters().size(); ++i) {
    copy(fast->parameters()[i].value.to(DType::float64), reference->parameters()[i].value);
  }
  const LayerInput input = made_input(c, *fast);
  const Everything expected = compute(c, *reference, with_dtype(input, DType::float64));
  for (const std::string& isa : kernels::available_isas()) {
    SCOPED_TRACE(isa);
    const IsaForNow guard(isa);
    const Everything got = compute(c, *fast, input);
    compare(c, *fast, got.output.values, expected.output.values, forward_factor, "output");
    compare(c, *fast, got.gradient.inputs, expected.gradient.inputs, backward_factor,
            "gradient of input");
    compare(c, *fast, got.gradient.weights, expected.gradient.weights, backward_factor,
            "gradient of weight");
    if (got.output.mask || expected.output.mask) {
      EXPECT_TRUE(same_bits(got.output.mask, expected.output.mask)) << "mask";
    }
  }
}

}  // namespace

void check_fast_equals_reference(const LayerCase& c) { compare_with_reference(c); }

void check_sizes(const LayerCase& c) {
  constexpr std::array<std::int64_t, 12> sizes{1, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 100};
  // Every number of features with every number of units; the number of rows walks along.
  std::size_t row_count = 0;
  for (const std::int64_t feature_count : sizes) {
    for (const std::int64_t unit_count : sizes) {
      const std::int64_t rows = sizes[row_count++ % 7];
      SCOPED_TRACE(fmt::format("{} rows, {} features, {} units", rows, feature_count, unit_count));
      compare_with_reference(resized(c, rows, feature_count, unit_count));
      if (::testing::Test::HasFailure()) return;
    }
  }
}

}  // namespace chronicler::test
