// How many members an aggregate has.
#pragma once

#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

namespace chronicler::test {
namespace detail {

// Stands for a value of any type. An optional makes itself of its value's type.
struct AnyMember {
  template <class Value>
  requires(!requires {
    typename Value::value_type;
    &Value::has_value;
  })
  operator Value() const;  // NOLINT(google-explicit-constructor)
};

template <class Aggregate, std::size_t... index>
constexpr bool takes(std::index_sequence<index...> /*members*/) {
  return requires { Aggregate{(static_cast<void>(index), AnyMember{})...}; };
}

}  // namespace detail

template <class Aggregate, std::size_t count = 0>
constexpr std::size_t member_count() {
  static_assert(std::is_aggregate_v<Aggregate> && count < 200);
  if constexpr (detail::takes<Aggregate>(std::make_index_sequence<count + 1>())) {
    return member_count<Aggregate, count + 1>();
  } else {
    return count;
  }
}

}  // namespace chronicler::test
