#include "formats/hdf5/hdf5_checksum.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>

namespace chronicler::hdf5 {
namespace {

constexpr std::size_t block_bytes = 12;

// Three words of a block, of which `bytes` are there and the others 0.
std::array<std::uint32_t, 3> words_of(std::string_view bytes) {
  std::array<std::uint32_t, 3> words{};
  for (std::size_t i = 0; i < std::min(bytes.size(), block_bytes); ++i) {
    words.at(i / 4) |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(bytes[i]))
                       << (8 * (i % 4));
  }
  return words;
}

void subtract(std::uint32_t& from, std::uint32_t what, int turn) {
  from -= what;
  from ^= std::rotl(what, turn);
}

void mix(std::uint32_t& a, std::uint32_t& b, std::uint32_t& c) {
  subtract(a, c, 4);
  c += b;
  subtract(b, a, 6);
  a += c;
  subtract(c, b, 8);
  b += a;
  subtract(a, c, 16);
  c += b;
  subtract(b, a, 19);
  a += c;
  subtract(c, b, 4);
  b += a;
}

void strike(std::uint32_t& what, std::uint32_t by, int turn) {
  what ^= by;
  what -= std::rotl(by, turn);
}

void finish(std::uint32_t& a, std::uint32_t& b, std::uint32_t& c) {
  strike(c, b, 14);
  strike(a, c, 11);
  strike(b, a, 25);
  strike(c, b, 16);
  strike(a, c, 4);
  strike(b, a, 14);
  strike(c, b, 24);
}

std::uint32_t folded(std::uint32_t sum) { return (sum & 0xFFFFU) + (sum >> 16U); }

}  // namespace

std::uint32_t lookup3(std::string_view bytes) {
  constexpr std::uint32_t start = 0xDEADBEEF;
  std::uint32_t a = start + static_cast<std::uint32_t>(bytes.size());
  std::uint32_t b = a;
  std::uint32_t c = a;
  if (bytes.empty()) return c;
  while (true) {
    const std::array<std::uint32_t, 3> words = words_of(bytes);
    a += words[0];
    b += words[1];
    c += words[2];
    if (bytes.size() <= block_bytes) break;
    mix(a, b, c);
    bytes.remove_prefix(block_bytes);
  }
  finish(a, b, c);
  return c;
}

std::uint32_t fletcher32(std::string_view bytes) {
  constexpr std::size_t words_without_fold = 360;  // so many fit into 32 bits
  const auto byte = [&](std::size_t i) {
    return i < bytes.size() ? static_cast<std::uint32_t>(static_cast<std::uint8_t>(bytes[i])) : 0U;
  };
  std::uint32_t sum = 0;
  std::uint32_t sum_of_sums = 0;
  const std::size_t words = (bytes.size() + 1) / 2;
  for (std::size_t i = 0; i < words; ++i) {
    sum += byte(2 * i) << 8U | byte(2 * i + 1);
    sum_of_sums += sum;
    if (i % words_without_fold != words_without_fold - 1 && i + 1 != words) continue;
    sum = folded(sum);
    sum_of_sums = folded(sum_of_sums);
  }
  return folded(sum_of_sums) << 16U | folded(sum);
}

std::uint32_t early_fletcher32(std::uint32_t sum) {
  return (sum & 0x00FF00FFU) << 8U | (sum & 0xFF00FF00U) >> 8U;
}

}  // namespace chronicler::hdf5
