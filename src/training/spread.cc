#include "training/spread.h"

#include <algorithm>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler {

template <class Element>
Spread<Element> Spread<Element>::of(std::string_view what, const TensorView& given,
                                    const Shape& values) {
  Spread spread;
  if (!given) return spread;
  const Shape& shape = given.shape();
  int rank = shape.rank();
  while (rank > values.rank() && shape[rank - 1] == 1) --rank;
  if (rank == values.rank() && rank > 1 && shape[rank - 1] == 1) --rank;  // (B, 1) for (B, T)
  if (rank > values.rank() || !std::equal(shape.begin(), shape.begin() + rank, values.begin())) {
    throw Error(fmt::format("{} of shape {} does not fit a loss of shape {}", what,
                            shape.to_string(), values.to_string()),
                "give one number for each sample, or one for each step");
  }
  spread.elements_ = given.as<Element>();
  for (int axis = rank; axis < values.rank(); ++axis) spread.repeat_ *= values[axis];
  spread.repeat_ = std::max<std::int64_t>(1, spread.repeat_);
  return spread;
}

template <class Element>
Spread<Element> Spread<Element>::weights(const TensorView& given, const Shape& values) {
  return of("sample_weight", given, values);
}

template <class Element>
Spread<Element> Spread<Element>::mask(const TensorView& given, const Shape& values) {
  return of("a mask", given, values);
}

template class Spread<float>;
template class Spread<std::uint8_t>;

}  // namespace chronicler
