// Numbers in the bytes of files.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace chronicler {

// Files hold numbers with the lowest byte first, as do all processors that Chronicler is built for.
static_assert(std::endian::native == std::endian::little);

// The number at `offset`, which must lie within `bytes`.
template <class Number>
Number number_at(std::string_view bytes, std::size_t offset) {
  Number number{};
  std::memcpy(&number, bytes.substr(offset, sizeof(Number)).data(), sizeof(Number));
  return number;
}

template <class Number>
void append_number(std::string& bytes, Number number) {
  char raw[sizeof(Number)];
  std::memcpy(raw, &number, sizeof(Number));
  bytes.append(raw, sizeof(Number));
}

}  // namespace chronicler
