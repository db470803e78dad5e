// The table of a layer's options as documents and other languages take it
// (chronicler/layers/catalog.h).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "chronicler/base/fields.h"
#include "chronicler/layers/catalog.h"

namespace chronicler {

// The default of an option as documents show it.
std::string shown_default(const Activation& value);
std::string shown_default(const Described& value);
std::string shown_default(const Shape& value);
template <class Value>
std::string default_shown(const Value& value) {
  if constexpr (requires { field_text(value); }) {
    return field_text(value);
  } else if constexpr (requires { shown_default(value); }) {
    return shown_default(value);
  } else {
    return "none";  // a layer, or a shape that may be left out
  }
}

// The table in its own order.
template <class Options>
std::vector<OptionShown> options_shown() {
  std::vector<OptionShown> rows;
  const Options defaults{};
  for_each_field(defaults, [&](const FieldInfo& field, const auto& value) {
    std::string shown(field.notes.default_text);
    if (shown.empty() && !field.notes.is_required) shown = default_shown(value);
    rows.push_back({field.name, std::move(shown), field.range.text(), field.sentence, field.notes});
  });
  return rows;
}

}  // namespace chronicler
