#include "base/wanted_text.h"

namespace chronicler {

std::string wanted_text(const FieldRange& range, std::string_view value) {
  const std::string text = range.text();
  if (text.empty()) return "a finite number";
  return value.ends_with("inf") ? text + " and finite" : text;
}

}  // namespace chronicler
