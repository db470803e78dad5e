#include "training/class_weight.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "training/losses/prediction_rows.h"
#include "training/place.h"

namespace chronicler {
namespace {

template <class Target>
bool each_row_has_a_single_one(std::span<const Target> targets, std::int64_t width) {
  const auto row = static_cast<std::size_t>(width);
  for (std::size_t begin = 0; begin < targets.size(); begin += row) {
    const auto numbers = targets.subspan(begin, row);
    const auto ones = std::count(numbers.begin(), numbers.end(), Target{1});
    const auto zeros = std::count(numbers.begin(), numbers.end(), Target{0});
    if (ones != 1 || ones + zeros != width) return false;
  }
  return true;
}

template <class Target>
bool is_one_hot(std::span<const Target> targets, const Shape& shape, const Shape& y_pred) {
  if (shape.rank() < 2 || shape[-1] < 2) return false;
  if (y_pred.rank() > 0) return shape.rank() == y_pred.rank() && shape[-1] == y_pred[-1];
  return each_row_has_a_single_one(targets, shape[-1]);
}

std::string classes_of(const std::map<std::int64_t, double>& weights) {
  std::string text;
  for (const auto& [number, weight] : weights) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", number);
  }
  return text;
}

double weight_of(double label, std::int64_t index, const Shape& labels,
                 const std::map<std::int64_t, double>& weights) {
  constexpr double largest = 0x1p53;
  if (label != std::floor(label) || std::abs(label) > largest) {
    throw Error(fmt::format("class_weight needs classes, but y holds {} at {}", label,
                            place_of_label(labels, index)),
                "use sample_weight for targets that are not classes");
  }
  const auto found = weights.find(static_cast<std::int64_t>(label));
  if (found != weights.end()) return found->second;
  throw Error(fmt::format("class_weight has no weight for class {}, which y holds at {}", label,
                          place_of_label(labels, index)),
              fmt::format("it has weights for {}; 1 leaves a class as it is", classes_of(weights)));
}

}  // namespace

Tensor sample_weights_from_class(const Tensor& y, const std::map<std::int64_t, double>& weights,
                                 const Shape& y_pred) {
  return with_target(y.dtype(), [&](auto target) {
    using Target = decltype(target);
    const std::span<const Target> targets = y.span<Target>();
    const bool one_hot = is_one_hot(targets, y.shape(), y_pred);
    const bool column = y.shape().rank() > 1 && y.shape()[-1] == 1;
    const Shape shape = one_hot || column ? shape_of_rows(y.shape()) : y.shape();
    Tensor result(shape, DType::float32);
    const std::span<float> results = result.span<float>();
    const std::int64_t width = one_hot ? y.shape()[-1] : 1;
    for (std::size_t i = 0; i < results.size(); ++i) {
      const Target* row = targets.data() + static_cast<std::int64_t>(i) * width;
      const double label = one_hot ? static_cast<double>(std::max_element(row, row + width) - row)
                                   : static_cast<double>(*row);
      results[i] =
          static_cast<float>(weight_of(label, static_cast<std::int64_t>(i), shape, weights));
    }
    return result;
  });
}

}  // namespace chronicler
