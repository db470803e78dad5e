#include <algorithm>
#include <array>
#include <cmath>

#include "chronicler/layers/options.h"
#include "layers/core/described.h"
#include "layers/core/dispatch.h"

namespace chronicler {
namespace {

constexpr double epsilon = 1e-7;  // keras.backend.epsilon()

const std::vector<DescribedClass>& classes() {
  static const std::vector<DescribedClass> table{
      // No norm is above max_value: Srivastava et al. 2014.
      {"MaxNorm",
       {"max_norm"},
       {{"max_value", 2.0, any_value(), "largest norm"},
        {"axis", std::int64_t{0}, any_value(), "axis along which the norm is taken"}}},
      // No weight is below 0.
      {"NonNeg", {"non_neg"}, {}},
      // Every norm is 1.
      {"UnitNorm",
       {"unit_norm"},
       {{"axis", std::int64_t{0}, any_value(), "axis along which the norm is taken"}}},
      // Norms are from min_value to max_value.
      {"MinMaxNorm",
       {"min_max_norm"},
       {{"min_value", 0.0, any_value(), "smallest norm"},
        {"max_value", 1.0, any_value(), "largest norm"},
        {"rate", 1.0, any_value(), "how far a norm is moved to these: 1 all the way"},
        {"axis", std::int64_t{0}, any_value(), "axis along which the norm is taken"}}},
  };
  return table;
}

// The desired norm of a vector, as rate * clip(norm, low, high) + (1 - rate) * norm.
struct Norms {
  double low;
  double high;
  double rate;
  int axis;

  double factor(double norm) const {
    const double clipped = std::min(std::max(norm, low), high);
    return (rate * clipped + (1.0 - rate) * norm) / (epsilon + norm);
  }
};

// A tensor seen along one axis: [outer][length][inner], of which each (outer, inner) is a vector.
struct AlongAxis {
  AlongAxis(const Shape& shape, int axis) : length(shape[axis]) {
    const int middle = axis < 0 ? axis + shape.rank() : axis;
    for (int before = 0; before < middle; ++before) outer *= shape[before];
    for (int after = middle + 1; after < shape.rank(); ++after) inner *= shape[after];
  }

  std::int64_t outer = 1;
  std::int64_t length;
  std::int64_t inner = 1;
};

// A strip of neighbouring vectors at a time, so that rows are read in order and nothing is
// allocated.
template <class Real>
void scale_vectors(Real* values, const AlongAxis& view, const Norms& norms) {
  constexpr std::int64_t strip = 64;
  for (std::int64_t outer = 0; outer < view.outer; ++outer) {
    Real* const block = values + outer * view.length * view.inner;
    for (std::int64_t begin = 0; begin < view.inner; begin += strip) {
      const std::int64_t width = std::min(strip, view.inner - begin);
      std::array<double, strip> factors{};
      for (std::int64_t step = 0; step < view.length; ++step) {
        const Real* const row = block + step * view.inner + begin;
        for (std::int64_t i = 0; i < width; ++i) {
          factors[static_cast<std::size_t>(i)] += double{row[i]} * double{row[i]};
        }
      }
      for (double& factor : factors) factor = norms.factor(std::sqrt(factor));
      for (std::int64_t step = 0; step < view.length; ++step) {
        Real* const row = block + step * view.inner + begin;
        for (std::int64_t i = 0; i < width; ++i) {
          row[i] = static_cast<Real>(double{row[i]} * factors[static_cast<std::size_t>(i)]);
        }
      }
    }
  }
}

Norms norms_of(const Constraint& constraint) {
  const int axis = static_cast<int>(setting_value<std::int64_t>(constraint, "axis"));
  if (constraint.class_name() == "UnitNorm") return {1.0, 1.0, 1.0, axis};
  if (constraint.class_name() == "MaxNorm") return {0.0, constraint.number("max_value"), 1.0, axis};
  return {constraint.number("min_value"), constraint.number("max_value"), constraint.number("rate"),
          axis};
}

}  // namespace

Constraint::Constraint(const char* name) {
  if (name != nullptr) *this = from(name, {});
}

Constraint::Constraint(const std::string& name) : Constraint(from(name, {})) {}

Constraint::Constraint(std::string class_name, std::vector<Setting> settings)
    : Described(std::move(class_name), std::move(settings)) {}

Constraint Constraint::from(std::string_view class_name, const std::vector<Setting>& settings) {
  const DescribedClass& known = find_described("constraint", class_name, classes());
  return {std::string(known.class_name), complete_settings(known, settings)};
}

void Constraint::apply(TensorView values) const {
  if (!*this || !values) return;
  with_real(values.dtype(), [&](auto real) {
    using Real = decltype(real);
    if (class_name_ == "NonNeg") {
      for (Real& value : values.span<Real>()) value = value < 0 ? Real{0} : value;
      return;
    }
    const Norms norms = norms_of(*this);
    scale_vectors(values.as<Real>(), AlongAxis(values.shape(), norms.axis), norms);
  });
}

namespace constraints {

Constraint MaxNorm(double max_value, std::int64_t axis) {
  return Constraint::from("MaxNorm", {{"max_value", max_value}, {"axis", axis}});
}

Constraint NonNeg() { return Constraint::from("NonNeg", {}); }

Constraint UnitNorm(std::int64_t axis) { return Constraint::from("UnitNorm", {{"axis", axis}}); }

Constraint MinMaxNorm(double min_value, double max_value, double rate, std::int64_t axis) {
  return Constraint::from(
      "MinMaxNorm",
      {{"min_value", min_value}, {"max_value", max_value}, {"rate", rate}, {"axis", axis}});
}

}  // namespace constraints
std::span<const DescribedClass> constraint_classes() { return classes(); }

}  // namespace chronicler
