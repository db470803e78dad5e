// Weights and masks that say less than one number for each value: (B) for values (B, T).
#pragma once

#include <cstdint>
#include <string_view>

#include "chronicler/base/tensor.h"

namespace chronicler {

// One element for each value of a loss or metric; where there are fewer, each stands for all values
// below it.
template <class Element>
class Spread {
 public:
  // Throws Error unless the shape of `given`, but for trailing extents of 1, begins `values`.
  static Spread weights(const TensorView& given, const Shape& values);  // what: "sample_weight"
  static Spread mask(const TensorView& given, const Shape& values);     // what: "the mask"

  bool empty() const { return elements_ == nullptr; }
  Element operator[](std::int64_t value) const { return elements_[value / repeat_]; }

 private:
  static Spread of(std::string_view what, const TensorView& given, const Shape& values);

  const Element* elements_ = nullptr;
  std::int64_t repeat_ = 1;
};

}  // namespace chronicler
