#include "conformance/differences.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

namespace chronicler::test {

std::vector<double> differences(Tensor& place, const std::vector<Tensor>& flowing,
                                const std::function<std::vector<Tensor>()>& outputs) {
  constexpr double step = 1e-6;
  std::vector<double> all;
  for (double& value : place.span<double>()) {
    const double before = value;
    const double above = before + step;
    const double below = before - step;
    value = above;
    const std::vector<Tensor> up = outputs();
    value = below;
    const std::vector<Tensor> down = outputs();
    value = before;
    double sum = 0.0;
    for (std::size_t i = 0; i < flowing.size(); ++i) {
      if (!flowing[i]) continue;
      const double* factor = flowing[i].as<double>();
      const double* high = up[i].as<double>();
      const double* low = down[i].as<double>();
      for (std::int64_t k = 0; k < flowing[i].size(); ++k) sum += factor[k] * (high[k] - low[k]);
    }
    all.push_back(sum / (above - below));
  }
  return all;
}

::testing::AssertionResult is_gradient(const Tensor& gradient,
                                       const std::vector<double>& expected) {
  if (gradient.size() != static_cast<std::int64_t>(expected.size()))
    return ::testing::AssertionFailure() << "the gradient has " << gradient.size() << " elements";
  const double* values = gradient.as<double>();
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double larger = std::max(std::abs(values[i]), std::abs(expected[i]));
    const double error = std::abs(values[i] - expected[i]) / std::max(larger, 1e-3);
    if (error <= 1e-6) continue;
    return ::testing::AssertionFailure()
           << fmt::format("element {} of {}: {:.12g}, but differences give {:.12g}", i,
                          gradient.shape().to_string(), values[i], expected[i]);
  }
  return ::testing::AssertionSuccess();
}

Tensor steps_between(const Tensor& all, std::int64_t begin, std::int64_t end) {
  Shape shape = all.shape();
  shape.set(1, end - begin);
  Tensor part(shape, all.dtype());
  const std::int64_t rows = all.shape()[0];
  const std::size_t row_bytes = all.bytes() / static_cast<std::size_t>(rows);
  const std::size_t step_bytes = row_bytes / static_cast<std::size_t>(all.shape()[1]);
  const std::size_t length = static_cast<std::size_t>(end - begin) * step_bytes;
  const auto* from = static_cast<const std::byte*>(all.view().raw());
  auto* to = static_cast<std::byte*>(part.view().raw());
  for (std::size_t row = 0; row < static_cast<std::size_t>(rows); ++row) {
    std::memcpy(to + row * length,
                from + row * row_bytes + static_cast<std::size_t>(begin) * step_bytes, length);
  }
  return part;
}

}  // namespace chronicler::test
