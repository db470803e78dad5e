// From a data type known at run time to a template argument.
#pragma once

#include <type_traits>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/base/tensor.h"

namespace chronicler {

// Calls function(Real{}) with Real = float or double; nothing else computes.
template <class Function>
decltype(auto) with_real(DType dtype, const Function& function) {
  if (dtype == DType::float32) return function(float{});
  if (dtype == DType::float64) return function(double{});
  throw Error(fmt::format("{} cannot be computed with", name_of(dtype)),
              "use float32, or float64 for verification");
}

}  // namespace chronicler
