#include "layers/core/step.h"

#include <algorithm>

namespace chronicler {
namespace {

std::int64_t rounded_up(std::int64_t size) {
  const std::int64_t lanes = kernels::step_lanes(size);
  return (size + lanes - 1) / lanes * lanes;
}

}  // namespace

// Memory is taken once: the sizes of a layer do not change.
void StepWeights::make_room(const kernels::StepProduct& product) {
  if (packed_) return;
  product_ = product;
  packed_ = Tensor({kernels::step_product_size(product_)});
  bias_ = Tensor({product_.columns});
  product_.packed = packed_.as<float>();
  product_.bias = bias_.as<float>();
  a_columns_.assign(static_cast<std::size_t>(product_.columns), -1);
  b_columns_ = a_columns_;
}

void StepWeights::take(const Tensor& matrix, const Tensor* bias) {
  const std::int64_t columns = matrix.shape()[1];
  const std::int64_t lanes = kernels::step_lanes(columns);
  make_room({.a_size = matrix.shape()[0],
             .columns = rounded_up(columns),
             .lanes = lanes,
             .group = kernels::step_group(lanes, 1)});
  for (std::int64_t i = 0; i < columns; ++i) a_columns_[static_cast<std::size_t>(i)] = i;
  if (bias != nullptr) std::copy_n(bias->as<float>(), columns, bias_.as<float>());
  kernels::pack_step_product(product_, {matrix.as<float>(), columns, a_columns_.data()}, {},
                             packed_.as<float>());
}

void StepWeights::take(const Tensor& kernel, const Tensor& recurrent_kernel, const Tensor* bias,
                       std::int64_t gates, const std::vector<Sum>& sums, std::int64_t heads) {
  const std::int64_t units = recurrent_kernel.shape()[1] / gates;
  const std::int64_t lanes = kernels::step_lanes(units);
  const auto sum_count = static_cast<std::int64_t>(sums.size());
  const std::int64_t group = kernels::step_group(lanes, sum_count);
  kernels::HeadRows rows;
  if (heads > 1) rows = {units, heads, group / sum_count * lanes};
  make_room({.a_size = kernel.shape()[0],
             .b_size = heads > 1 ? rows.rows : units,
             .columns = rounded_up(units) * sum_count,
             .lanes = lanes,
             .group = group,
             .heads = rows});
  const bool two_rows = bias != nullptr && bias->shape().rank() == 2;
  for (std::int64_t u = 0; u < units; ++u) {
    for (std::int64_t s = 0; s < sum_count; ++s) {
      const Sum& sum = sums[static_cast<std::size_t>(s)];
      const std::int64_t column = (u / lanes * sum_count + s) * lanes + u % lanes;
      const auto at = static_cast<std::size_t>(column);
      if (sum.of_input >= 0) a_columns_[at] = sum.of_input * units + u;
      if (sum.of_state >= 0) b_columns_[at] = sum.of_state * units + u;
      if (bias == nullptr) continue;
      float start = sum.of_input >= 0 ? bias->as<float>()[a_columns_[at]] : 0.0F;
      if (two_rows && sum.of_state >= 0) start += bias->as<float>()[gates * units + b_columns_[at]];
      bias_.as<float>()[column] = start;
    }
  }
  const std::int64_t ld = gates * units;
  kernels::pack_step_product(product_, {kernel.as<float>(), ld, a_columns_.data()},
                             {recurrent_kernel.as<float>(), ld, b_columns_.data(), rows},
                             packed_.as<float>());
}

}  // namespace chronicler
