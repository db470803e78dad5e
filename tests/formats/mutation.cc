#include "formats/mutation.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "formats/bytes.h"

namespace chronicler::test {
namespace {

constexpr std::array<std::uint64_t, 12> extremes{0,           1,          8,          0xFF,
                                                 0x100,       0xFFFF,     0x7FFFFFFF, 0xFFFFFFFFU,
                                                 0x100000000, 1ULL << 60, ~0ULL >> 1, ~0ULL};

constexpr std::array<std::string_view, 24> tokens{"0",
                                                  "-1",
                                                  "1",
                                                  "1.5",
                                                  "1e308",
                                                  "-0",
                                                  "9223372036854775807",
                                                  "2147483648",
                                                  "true",
                                                  "false",
                                                  "null",
                                                  "[]",
                                                  "{}",
                                                  "[[[[]]]]",
                                                  "\"\"",
                                                  "\"../../x\"",
                                                  "\"Dense\"",
                                                  "\"LSTM\"",
                                                  "\"Functional\"",
                                                  "\"x\"",
                                                  "[null,null,2]",
                                                  "\"a/b\"",
                                                  "\"\\u0000\"",
                                                  "[1,2,3,4,5,6,7,8,9,10]"};

bool belongs_to_token(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '"' || c == '.' || c == '-' ||
         c == '_';
}

}  // namespace

std::string Mutator::damaged(std::string bytes) {
  const std::size_t count = 1 + below(4);
  for (std::size_t i = 0; i < count && !bytes.empty(); ++i) damage_once(bytes);
  return bytes;
}

void Mutator::damage_once(std::string& bytes) {
  const std::size_t at = below(bytes.size());
  const std::size_t length = 1 + below(std::min<std::size_t>(64, bytes.size() - at));
  switch (below(8)) {
    case 0:
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
      break;
    case 1:
      bytes[at] = static_cast<char>(below(256));
      break;
    case 2: {
      std::string number;
      append_number(number, extremes[below(extremes.size())]);
      const std::size_t size = std::size_t{1} << below(4);
      bytes.replace(at, size, number.substr(0, std::min(size, bytes.size() - at)));
      break;
    }
    case 3:
      bytes.erase(at, length);
      break;
    case 4:
      bytes.insert(below(bytes.size()), bytes.substr(at, length));
      break;
    case 5: {  // one stretch over another: structures that point to the wrong place
      const std::string stretch = bytes.substr(at, length);
      const std::size_t to = below(bytes.size());
      bytes.replace(to, std::min(length, bytes.size() - to), stretch, 0,
                    std::min(length, bytes.size() - to));
      break;
    }
    case 6:
      if (below(4) == 0) bytes.resize(at);
      break;
    default: {  // a number that is there, a little changed
      const std::size_t place = at / 8 * 8;
      if (place + 8 > bytes.size()) break;
      std::string number;
      append_number(number, number_at<std::uint64_t>(bytes, place) + below(64) - 32);
      bytes.replace(place, 8, number);
    }
  }
}

std::string Mutator::damaged_json(std::string text) {
  if (below(4) == 0) return damaged(std::move(text));
  const std::size_t count = 1 + below(3);
  for (std::size_t i = 0; i < count; ++i) damage_token(text);
  return text;
}

void Mutator::damage_token(std::string& text) {
  if (text.empty()) return;
  std::size_t begin = below(text.size());
  while (begin > 0 && !belongs_to_token(text[begin])) --begin;
  while (begin > 0 && belongs_to_token(text[begin - 1])) --begin;
  std::size_t end = begin;
  while (end < text.size() && belongs_to_token(text[end])) ++end;
  text.replace(begin, end - begin, tokens[below(tokens.size())]);
}

}  // namespace chronicler::test
