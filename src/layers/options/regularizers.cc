#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/base/runtime.h"
#include "chronicler/layers/options.h"
#include "layers/core/described.h"
#include "layers/core/dispatch.h"
#include "layers/core/sums.h"

namespace chronicler {
namespace {

const std::vector<DescribedClass>& classes() {
  static const std::vector<DescribedClass> table{
      // A penalty of l1 times the sum of sizes: many weights become 0.
      {"L1", {"l1"}, {{"l1", 0.01, at_least(0.0), "factor of the sum of sizes"}}},
      // A penalty of l2 times the sum of squares: weights stay small.
      {"L2", {"l2"}, {{"l2", 0.01, at_least(0.0), "factor of the sum of squares"}}},
      // A penalty of l1 times the sum of sizes and l2 times the sum of squares.
      {"L1L2",
       {"l1l2"},
       {{"l1", 0.0, at_least(0.0), "factor of the sum of sizes"},
        {"l2", 0.0, at_least(0.0), "factor of the sum of squares"}}},
      // A penalty on the angles between the rows, or columns, of a matrix: on cosines that are
      // not 0.
      {"OrthogonalRegularizer",
       {"orthogonal_regularizer"},
       {{"factor", 0.01, at_least(0.0), "factor of the mean cosine"},
        {"mode", std::string("rows"), one_of({"rows", "columns"}),
         "which vectors of a matrix are to be orthogonal"}}},
  };
  return table;
}

double sign(double value) { return static_cast<double>((value > 0) - (value < 0)); }

// l1 * sum |w| + l2 * sum w^2
template <class Real>
double elementwise_penalty(double l1, double l2, std::span<const Real> values,
                           std::span<Real> gradient, double scale) {
  const auto count = static_cast<std::int64_t>(values.size());
  double penalty = 0.0;
  if (l1 != 0.0) {
    penalty += l1 * sum_of(count, [&](std::int64_t i) { return std::abs(double{values[i]}); });
  }
  if (l2 != 0.0) {
    penalty +=
        l2 * sum_of(count, [&](std::int64_t i) { return double{values[i]} * double{values[i]}; });
  }
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const double value = values[i];
    gradient[i] += static_cast<Real>(scale * (l1 * sign(value) + 2.0 * l2 * value));
  }
  return penalty;
}

// ---- factor * mean over pairs of |cosine|, of the rows or the columns of a matrix

// The vectors of a matrix, each scaled to length 1 and stored without gaps, and the scales.
struct UnitVectors {
  std::int64_t count = 0;
  std::int64_t length = 0;
  double* elements = nullptr;  // [count][length]
  double* scales = nullptr;    // [count]

  const double* vector(std::int64_t index) const { return elements + index * length; }
};

// Where element `k` of vector `index` lies in the matrix.
struct Layout {
  std::int64_t vector_stride;
  std::int64_t element_stride;

  std::int64_t at(std::int64_t index, std::int64_t k) const {
    return index * vector_stride + k * element_stride;
  }
};

constexpr double largest_scale = 1e7;  // Keras: 1 / epsilon, for vectors that are nearly zero

// Memory of the calling thread that lasts from call to call: a warmed training batch allocates
// nothing.
double* scratch(std::int64_t size) {
  thread_local std::vector<double> numbers;
  if (numbers.size() < static_cast<std::size_t>(size))
    numbers.resize(static_cast<std::size_t>(size));
  return numbers.data();
}

// Fills `units`, which has its memory.
template <class Real>
void fill_unit_vectors(const Real* matrix, const Layout& layout, UnitVectors& units) {
  const std::int64_t length = units.length;
  for (std::int64_t index = 0; index < units.count; ++index) {
    double* const unit = units.elements + index * length;
    for (std::int64_t k = 0; k < length; ++k) unit[k] = double{matrix[layout.at(index, k)]};
    const double scale = std::min(1.0 / std::sqrt(dot(length, unit, unit)), largest_scale);
    for (std::int64_t k = 0; k < length; ++k) unit[k] *= scale;
    units.scales[index] = scale;
  }
}

// Sum of |cosine| of vector `index` with the others; `slope`, if not null, becomes its derivative
// by that unit vector.
double cosines_with_others(const UnitVectors& units, std::int64_t index, double* slope) {
  const double* const own = units.vector(index);
  double sum = 0.0;
  for (std::int64_t other = 0; other < units.count; ++other) {
    if (other == index) continue;
    const double cosine = dot(units.length, own, units.vector(other));
    sum += std::abs(cosine);
    if (slope == nullptr || cosine == 0.0) continue;
    const double direction = sign(cosine);
    for (std::int64_t k = 0; k < units.length; ++k) slope[k] += direction * units.vector(other)[k];
  }
  return sum;
}

template <class Real>
double orthogonal_penalty(double factor, bool rows, TensorView values, Real* gradient,
                          double scale) {
  const std::int64_t columns = values.shape()[1];
  const Layout layout = rows ? Layout{columns, 1} : Layout{1, columns};
  const std::int64_t count = values.shape()[rows ? 0 : 1];
  const std::int64_t length = values.shape()[rows ? 1 : 0];
  if (count < 2) return 0.0;  // no pair; Keras's 0 / 0 helps nobody
  double* const memory = scratch(2 * count * length + 2 * count);
  UnitVectors units{count, length, memory, memory + count * length};
  fill_unit_vectors(values.as<Real>(), layout, units);
  double* const sums = units.scales + count;
  double* const slopes = sums + count;
  const double per_pair = factor / (static_cast<double>(count * (count - 1)) / 2.0);

  Runtime::global().parallel(count, [&](std::int64_t index) {
    double* const slope = gradient == nullptr ? nullptr : slopes + index * length;
    if (slope != nullptr) std::fill_n(slope, length, 0.0);
    sums[index] = cosines_with_others(units, index, slope);
    if (gradient == nullptr) return;
    // Through w * min(1 / |w|, largest): a vector that long only turns, a shorter one is scaled.
    const double unit_scale = units.scales[index];
    const double* const unit = units.vector(index);
    const double along = unit_scale < largest_scale ? dot(length, unit, slope) : 0.0;
    for (std::int64_t k = 0; k < length; ++k) {
      const double slope_k = unit_scale * (slope[k] - along * unit[k]);
      gradient[layout.at(index, k)] += static_cast<Real>(scale * per_pair * slope_k);
    }
  });
  double sum = 0.0;
  for (std::int64_t index = 0; index < count; ++index) sum += sums[index];
  return per_pair * 0.5 * sum;  // each pair was met twice
}

void check_matrix(const Shape& shape) {
  if (shape.rank() == 2) return;
  throw Error(fmt::format("OrthogonalRegularizer needs a matrix, got shape {}", shape.to_string()),
              "use another regularizer for this weight");
}

void check_gradient(TensorView values, TensorView gradient) {
  if (!gradient || (gradient.dtype() == values.dtype() && gradient.size() == values.size())) return;
  throw Error(fmt::format("the gradient of {} values of shape {} cannot be {} of shape {}",
                          name_of(values.dtype()), values.shape().to_string(),
                          name_of(gradient.dtype()), gradient.shape().to_string()));
}

}  // namespace

Regularizer::Regularizer(const char* name) {
  if (name != nullptr) *this = from(name, {});
}

Regularizer::Regularizer(const std::string& name) : Regularizer(from(name, {})) {}

Regularizer::Regularizer(std::string class_name, std::vector<Setting> settings)
    : Described(std::move(class_name), std::move(settings)) {}

Regularizer Regularizer::from(std::string_view class_name, const std::vector<Setting>& settings) {
  const DescribedClass& known = find_described("regularizer", class_name, classes());
  std::vector<Setting> complete = complete_settings(known, settings);
  check_settings(known, complete);
  return {std::string(known.class_name), std::move(complete)};
}

double Regularizer::penalty(TensorView values, TensorView gradient, double scale) const {
  if (!*this || !values) return 0.0;
  check_gradient(values, gradient);
  return with_real(values.dtype(), [&](auto real) {
    using Real = decltype(real);
    if (class_name_ == "OrthogonalRegularizer") {
      check_matrix(values.shape());
      const bool rows = setting_value<std::string>(*this, "mode") == "rows";
      return orthogonal_penalty<Real>(number("factor"), rows, values,
                                      gradient ? gradient.as<Real>() : nullptr, scale);
    }
    const double l1 = class_name_ == "L2" ? 0.0 : number("l1");
    const double l2 = class_name_ == "L1" ? 0.0 : number("l2");
    return elementwise_penalty<Real>(l1, l2, values.span<Real>(),
                                     gradient ? gradient.span<Real>() : std::span<Real>(), scale);
  });
}

namespace regularizers {

Regularizer L1(double l1) { return Regularizer::from("L1", {{"l1", l1}}); }

Regularizer L2(double l2) { return Regularizer::from("L2", {{"l2", l2}}); }

Regularizer L1L2(double l1, double l2) {
  return Regularizer::from("L1L2", {{"l1", l1}, {"l2", l2}});
}

Regularizer OrthogonalRegularizer(double factor, const std::string& mode) {
  return Regularizer::from("OrthogonalRegularizer", {{"factor", factor}, {"mode", mode}});
}

}  // namespace regularizers
std::span<const DescribedClass> regularizer_classes() { return classes(); }

}  // namespace chronicler
