#include "formats/base64.h"

#include <cstdint>

#include "chronicler/base/error.h"

namespace chronicler {
namespace {

constexpr std::string_view letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t bytes_in_group = 3;
constexpr std::size_t letters_in_group = 4;
constexpr unsigned bits_in_letter = 6;

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + bytes_in_group - 1) / bytes_in_group * letters_in_group);
  for (std::size_t begin = 0; begin < bytes.size(); begin += bytes_in_group) {
    const std::string_view group = bytes.substr(begin, bytes_in_group);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < bytes_in_group; ++i)
      bits = bits << 8U | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0U);
    for (std::size_t i = 0; i < letters_in_group; ++i) {
      const std::uint32_t letter = bits >> (bits_in_letter * (letters_in_group - 1 - i)) & 0x3FU;
      text += i <= group.size() ? letters[letter] : '=';
    }
  }
  return text;
}

std::string from_base64(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() / letters_in_group * bytes_in_group);
  std::uint32_t bits = 0;
  std::size_t count = 0;
  for (const char each : text) {
    const std::size_t letter = letters.find(each);
    if (letter == std::string_view::npos) break;
    bits = bits << bits_in_letter | static_cast<std::uint32_t>(letter);
    // Of 6 new bits, some complete a byte: none after the first letter of a group.
    if (++count % letters_in_group != 1) {
      const auto left = static_cast<unsigned>((8 - 2 * (count % letters_in_group)) % 8);
      bytes += static_cast<char>(bits >> left & 0xFFU);
    }
  }
  // One way to write each text, so that a file that was changed is seen.
  if (to_base64(bytes) != text)
    throw Error("it holds bytes that are not written as base64", "use another copy");
  return bytes;
}

}  // namespace chronicler
