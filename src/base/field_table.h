// The table of an options struct (chronicler/base/fields.h) as text, for documents, and whether it
// is whole.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chronicler/base/fields.h"

namespace chronicler {

struct FieldRow {
  std::string name;
  std::string default_text;
  std::string range;  // empty: any value
  std::string sentence;
};

struct FieldTable {
  std::vector<FieldRow> rows;
  std::size_t members = 0;  // of the struct: as many as rows, or the table misses one
};

namespace detail {

struct AnyMember {
  // NOLINTNEXTLINE(google-explicit-constructor): stands for a value of whatever type it is put to
  template <class Member>
  operator Member() const noexcept;
};
template <class Options, std::size_t... Index>
constexpr bool takes_members(std::index_sequence<Index...>) {
  return requires { Options{(static_cast<void>(Index), AnyMember{})...}; };
}

}  // namespace detail

// How many members an aggregate has: braces with one value more would not compile.
template <class Options, std::size_t Count = 0>
constexpr std::size_t member_count() {
  if constexpr (detail::takes_members<Options>(std::make_index_sequence<Count + 1>{})) {
    return member_count<Options, Count + 1>();
  } else {
    return Count;
  }
}

template <class Options>
FieldTable field_table() {
  FieldTable table{{}, member_count<Options>()};
  const Options defaults{};
  for_each_field(defaults, [&](const FieldInfo& field, const auto& value) {
    const std::string_view choice = field.notes.default_text;
    table.rows.push_back({std::string(field.name),
                          choice.empty() ? field_text(value) : std::string(choice),
                          field.range.text(), std::string(field.sentence)});
  });
  return table;
}

}  // namespace chronicler
