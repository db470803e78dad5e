#include "layers/core/shown_default.h"

namespace chronicler {

std::string shown_default(const Activation& value) { return value.name(); }
std::string shown_default(const Described& value) {
  return value.class_name().empty() ? "none" : snake_case(value.class_name());
}
std::string shown_default(const Shape& value) {
  return value.rank() == 0 ? "none" : value.to_string();
}

}  // namespace chronicler
