// The table of an options struct (chronicler/base/fields.h) as text, for documents and other
// languages, and whether it is whole.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "chronicler/base/fields.h"

namespace chronicler {

struct FieldRow {
  std::string name;
  std::string default_text;  // "0.5", "glorot_uniform", "none"; empty where a value is required
  std::string range;         // "at least 1"; empty: any value
  std::string sentence;
  FieldNotes notes = {};
  // "bool", "int", "float", "str", "initializer", "layer" ...; "int?" may be none, "[int]" is a
  // list; "object" for all else.
  std::string type = {};
  std::string value = {};  // the member's own default, whatever default_text says
};

struct FieldTable {
  std::vector<FieldRow> rows;
  std::size_t members = 0;  // of the struct: as many as rows, or the table misses one
};

namespace detail {

// Stands for a value of any type. An optional makes itself of its value's type.
struct AnyMember {
  template <class Value>
  requires(!requires {
    typename Value::value_type;
    &Value::has_value;
  })
  operator Value() const noexcept;  // NOLINT(google-explicit-constructor)
};

template <class Options, std::size_t... index>
constexpr bool takes_members(std::index_sequence<index...> /*members*/) {
  return requires { Options{(static_cast<void>(index), AnyMember{})...}; };
}

// The default of a field; other types have a shown_default of their own.
template <class Value>
std::string default_text(const Value& value) {
  if constexpr (requires { field_text(value); }) {
    return field_text(value);
  } else if constexpr (requires { shown_default(value); }) {
    return shown_default(value);
  } else {
    return "none";  // a layer, or a shape that may be left out
  }
}

// The type of a field in words; types of other headers have a field_type of their own.
template <class Value>
std::string type_text(const Value& value) {
  if constexpr (std::is_same_v<Value, bool>) {
    return "bool";
  } else if constexpr (std::is_integral_v<Value>) {
    return "int";
  } else if constexpr (std::is_floating_point_v<Value>) {
    return "float";
  } else if constexpr (std::is_same_v<Value, std::string>) {
    return "str";
  } else if constexpr (requires { value.has_value(); }) {
    return type_text(typename Value::value_type{}) + "?";
  } else if constexpr (requires { field_type(value); }) {
    return field_type(value);
  } else if constexpr (requires { value.front(); }) {
    return "[" + type_text(typename Value::value_type{}) + "]";
  } else {
    return "object";
  }
}

}  // namespace detail

// How many members an aggregate has: braces with one value more would not compile.
template <class Options, std::size_t count = 0>
constexpr std::size_t member_count() {
  static_assert(std::is_aggregate_v<Options> && count < 200);
  if constexpr (detail::takes_members<Options>(std::make_index_sequence<count + 1>())) {
    return member_count<Options, count + 1>();
  } else {
    return count;
  }
}

// The table in its own order.
template <class Options>
FieldTable field_table() {
  FieldTable table{{}, member_count<Options>()};
  const Options defaults{};
  for_each_field(defaults, [&](const FieldInfo& field, const auto& value) {
    std::string text(field.notes.default_text);
    if (text.empty() && !field.notes.is_required) text = detail::default_text(value);
    table.rows.push_back({std::string(field.name), std::move(text), field.range.text(),
                          std::string(field.sentence), field.notes, detail::type_text(value),
                          detail::default_text(value)});
  });
  return table;
}

}  // namespace chronicler
