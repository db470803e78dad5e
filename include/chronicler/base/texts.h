// Texts as a tensor, so that they go through a model and its data sets as all else does: (N, bytes
// of the longest), UTF-8, the shorter ones followed by zero bytes.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "chronicler/base/tensor.h"

namespace chronicler {

// Zero bytes at the end of a text are not kept.
Tensor text_tensor(std::span<const std::string> texts);
// Row `row` of such a tensor; valid as long as the tensor.
std::string_view text_at(const TensorView& texts, std::int64_t row);

}  // namespace chronicler
