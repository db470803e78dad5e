#include "chronicler/base/texts.h"

#include <algorithm>

namespace chronicler {

Tensor text_tensor(std::span<const std::string> texts) {
  std::size_t longest = 1;
  for (const std::string& text : texts) longest = std::max(longest, text.size());
  Tensor tensor({static_cast<std::int64_t>(texts.size()), static_cast<std::int64_t>(longest)},
                DType::text);
  char* row = tensor.as<char>();
  for (const std::string& text : texts) {
    std::copy(text.begin(), text.end(), row);
    row += longest;
  }
  return tensor;
}

std::string_view text_at(const TensorView& texts, std::int64_t row) {
  const std::int64_t width = texts.shape()[1];
  std::string_view text(texts.as<char>() + row * width, static_cast<std::size_t>(width));
  text.remove_suffix(text.size() - (text.find_last_not_of('\0') + 1));
  return text;
}

}  // namespace chronicler
