// What is wrong with data, found before anybody trains on it.
#pragma once

#include <string>
#include <string_view>

#include "chronicler/base/tensor.h"

namespace chronicler {

// Throws Error, naming the first place, if real numbers hold NaN or an infinity. `what` is the name
// by which the caller knows them: "x", "validation y".
void check_finite(const Tensor& data, std::string_view what);

// "x", or "x[1]" where there are several.
std::string title_of(std::string_view prefix, std::string_view name, const TensorList& list,
                     std::size_t index);

// Throws Error unless x, y and (if given) sample_weight hold the same number of samples, and at
// least one. `prefix` comes before each name: "", "validation ".
void check_lengths(const Tensor& x, const Tensor& y, const Tensor& sample_weight,
                   std::string_view prefix);

}  // namespace chronicler
