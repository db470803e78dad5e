#include "formats/stored_numbers.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "formats/bytes.h"

namespace chronicler {
namespace {

struct Half {
  std::uint16_t bits;
};
struct Brain {
  std::uint16_t bits;
};

float value_of(Half half) {
  constexpr std::uint32_t special = 31;  // the exponent of infinity and NaN
  constexpr std::uint32_t rebias = 112;
  const std::uint32_t sign = (half.bits & 0x8000U) << 16U;
  const std::uint32_t exponent = half.bits >> 10U & 0x1FU;
  const std::uint32_t fraction = half.bits & 0x3FFU;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
    return sign != 0 ? -magnitude : magnitude;
  }
  const std::uint32_t wide = exponent == special ? 0xFFU : exponent + rebias;
  return std::bit_cast<float>(sign | wide << 23U | fraction << 13U);
}
float value_of(Brain brain) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(brain.bits) << 16U);
}
template <class Number>
Number value_of(Number number) {
  return number;
}

// Calls function(Number{}) with the type of the elements.
template <class Function>
decltype(auto) with_stored(const StoredNumber& type, const Function& function) {
  const auto by_size = [&](auto one, auto two, auto four, auto eight) {
    if (type.size == 1) return function(one);
    if (type.size == 2) return function(two);
    return type.size == 4 ? function(four) : function(eight);
  };
  switch (type.kind) {
    case NumberClass::whole:
      return by_size(std::int8_t{}, std::int16_t{}, std::int32_t{}, std::int64_t{});
    case NumberClass::natural:
      return by_size(std::uint8_t{}, std::uint16_t{}, std::uint32_t{}, std::uint64_t{});
    case NumberClass::real:
      return type.size == 2   ? function(Half{})
             : type.size == 4 ? function(float{})
                              : function(double{});
    case NumberClass::brain:
      return function(Brain{});
    case NumberClass::boolean:
      break;
  }
  return function(bool{});
}

template <class Number>
auto element_at(std::string_view bytes, std::size_t index, bool reversed) {
  if constexpr (std::is_same_v<Number, bool>) {
    return static_cast<std::uint8_t>(bytes[index] != 0 ? 1 : 0);
  } else {
    std::array<char, sizeof(Number)> raw;
    std::memcpy(raw.data(), bytes.data() + index * sizeof(Number), sizeof(Number));
    if (reversed) std::reverse(raw.begin(), raw.end());
    return value_of(std::bit_cast<Number>(raw));
  }
}

bool is_whole(const StoredNumber& type) {
  return type.kind == NumberClass::whole || type.kind == NumberClass::natural;
}

// What a float64 holds without rounding.
template <class Number>
void check_exact(Number number, std::string_view where) {
  constexpr std::int64_t largest = std::int64_t{1} << 53U;
  if (std::cmp_less_equal(number, largest) && std::cmp_greater_equal(number, -largest)) return;
  throw Error(fmt::format("{} holds {}, which is too large", where, number),
              "whole numbers up to 2 to the 53rd are read: subtract an offset, or save float64");
}

}  // namespace

bool is_readable(const StoredNumber& type) {
  switch (type.kind) {
    case NumberClass::boolean:
      return type.size == 1;
    case NumberClass::brain:
      return type.size == 2;
    case NumberClass::real:
      return type.size == 2 || type.size == 4 || type.size == 8;
    case NumberClass::whole:
    case NumberClass::natural:
      break;
  }
  return type.size == 1 || type.size == 2 || type.size == 4 || type.size == 8;
}

DType dtype_for(const StoredNumber& type, std::string_view bytes) {
  if (type.kind == NumberClass::boolean) return DType::boolean;
  if (!is_whole(type)) return type.size == 8 ? DType::float64 : DType::float32;
  return with_stored(type, [&](auto number) {
    using Number = decltype(number);
    if constexpr (std::is_integral_v<Number> && !std::is_same_v<Number, bool>) {
      for (std::size_t i = 0; i < bytes.size() / sizeof(Number); ++i) {
        if (!std::in_range<std::int32_t>(element_at<Number>(bytes, i, type.reversed)))
          return DType::float64;
      }
    }
    return DType::int32;
  });
}

Tensor numbers_as(DType dtype, const StoredNumber& type, const Shape& shape, std::string_view bytes,
                  std::string_view where) {
  Tensor tensor(shape, dtype);
  const auto fill = [&](auto element) {
    using Element = decltype(element);
    with_stored(type, [&](auto number) {
      using Number = decltype(number);
      const auto elements = tensor.span<Element>();
      for (std::size_t i = 0; i < elements.size(); ++i) {
        const auto value = element_at<Number>(bytes, i, type.reversed);
        if constexpr (std::is_integral_v<Number> && sizeof(Number) == sizeof(std::int64_t))
          check_exact(value, where);
        elements[i] = static_cast<Element>(value);
      }
    });
  };
  if (dtype == DType::float32) fill(float{});
  if (dtype == DType::float64) fill(double{});
  if (dtype == DType::int32) fill(std::int32_t{});
  if (dtype == DType::boolean) fill(std::uint8_t{});
  return tensor;
}

}  // namespace chronicler
