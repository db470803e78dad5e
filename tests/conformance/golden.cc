#include "conformance/golden.h"

namespace chronicler::test {

Tensor spread(const Expected& expected, const Shape& shape, DType dtype) {
  const auto size = static_cast<std::size_t>(shape.elements());
  const std::size_t times = size / expected.size();
  EXPECT_EQ(times * expected.size(), size)
      << expected.size() << " numbers for " << shape.to_string();
  std::vector<double> all(size);
  for (std::size_t i = 0; i < size; ++i) all[i] = expected[i / times];
  return Tensor(shape, all).to(dtype);
}

void fill_rational(Parameter& parameter, std::size_t k) {
  std::vector<double> values(static_cast<std::size_t>(parameter.value.size()));
  for (std::size_t j = 0; j < values.size(); ++j)
    values[j] = (static_cast<double>((7 * j + 3 * k + 1) % 11) - 5.0) / 16.0;
  copy(Tensor(parameter.value.shape(), values).to(parameter.value.dtype()), parameter.value);
}

Tensor rational_input(DType dtype) { return rational_input({2, 4, 3}, dtype); }

Tensor rational_input(const Shape& shape, DType dtype) {
  std::vector<double> values(static_cast<std::size_t>(shape.elements()));
  for (std::size_t j = 0; j < values.size(); ++j)
    values[j] = (static_cast<double>((5 * j + 2) % 13) - 6.0) / 8.0;
  return Tensor(shape, values).to(dtype);
}

}  // namespace chronicler::test
