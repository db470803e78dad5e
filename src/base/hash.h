// FNV-1a, 64 bits (Fowler, Noll, Vo): the same on every machine, since files keep it.
#pragma once

#include <cstdint>
#include <string_view>

namespace chronicler {

inline constexpr std::uint64_t fnv_start = 0xcbf29ce484222325ULL;

// The hash of what `hash` stands for, followed by one more value: a byte, or a whole number.
constexpr std::uint64_t fnv_after(std::uint64_t hash, std::uint64_t value) {
  return (hash ^ value) * 0x100000001b3ULL;
}

// The same for the bytes of a text.
constexpr std::uint64_t fnv_after(std::uint64_t hash, std::string_view text) {
  for (const char c : text) hash = fnv_after(hash, static_cast<unsigned char>(c));
  return hash;
}

}  // namespace chronicler
