#include "layers/elementwise/text_tokens.h"

#include <algorithm>

namespace chronicler {
namespace {

constexpr std::string_view punctuation = "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'";
constexpr std::string_view no_character = "\xEF\xBF\xBD";  // U+FFFD

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

void standardize(std::string_view text, std::string_view how, std::string& clean) {
  const bool lowers = how == "lower" || how == "lower_and_strip_punctuation";
  const bool strips = how != "lower";
  clean.clear();
  for (const char c : text) {
    if (strips && punctuation.find(c) != std::string_view::npos) continue;
    clean += lowers ? lower(c) : c;
  }
}

void cut_at_spaces(std::string_view text, std::vector<std::string_view>& tokens) {
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = begin;
    while (end < text.size() && !is_space(text[end])) ++end;
    if (end > begin) tokens.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
}

// The bytes that a UTF-8 sequence may have after its first one: how many, and from where to where
// the first of them goes (which excludes overlong forms, surrogates and what is above U+10FFFF).
struct Following {
  std::size_t count;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
};
Following following(unsigned char first) {
  if (first < 0x80) return {0};
  if (first >= 0xC2 && first <= 0xDF) return {1};
  if (first == 0xE0) return {2, 0xA0};
  if (first == 0xED) return {2, 0x80, 0x9F};
  if (first >= 0xE1 && first <= 0xEF) return {2};
  if (first == 0xF0) return {3, 0x90};
  if (first >= 0xF1 && first <= 0xF3) return {3};
  if (first == 0xF4) return {3, 0x80, 0x8F};
  return {4};  // no sequence begins so
}

// What is no character, as far as it could have begun one, becomes U+FFFD.
void cut_at_characters(std::string_view text, std::vector<std::string_view>& tokens) {
  for (std::size_t begin = 0; begin < text.size();) {
    const Following expected = following(static_cast<unsigned char>(text[begin]));
    std::size_t length = 1;
    while (expected.count < 4 && length <= expected.count && begin + length < text.size()) {
      const auto next = static_cast<unsigned char>(text[begin + length]);
      const bool fits = length == 1 ? next >= expected.low && next <= expected.high
                                    : next >= 0x80 && next <= 0xBF;
      if (!fits) break;
      ++length;
    }
    const bool is_whole = expected.count < 4 && length == expected.count + 1;
    tokens.push_back(is_whole ? text.substr(begin, length) : no_character);
    begin += length;
  }
}

}  // namespace

void cut_into_tokens(const layers::TextVectorizationOptions& options, std::string_view text,
                     TokenScratch& scratch) {
  if (options.standardize) {
    standardize(text, *options.standardize, scratch.clean);
  } else {
    scratch.clean = text;
  }
  scratch.tokens.clear();
  if (!options.split) {
    scratch.tokens.push_back(scratch.clean);
  } else if (*options.split == "character") {
    cut_at_characters(scratch.clean, scratch.tokens);
  } else {
    cut_at_spaces(scratch.clean, scratch.tokens);
  }
}

std::string_view joined_tokens(std::size_t begin, std::size_t end, TokenScratch& scratch) {
  scratch.joined.assign(scratch.tokens[begin]);
  for (std::size_t i = begin + 1; i < end; ++i) {
    scratch.joined += ' ';
    scratch.joined += scratch.tokens[i];
  }
  return scratch.joined;
}

}  // namespace chronicler
