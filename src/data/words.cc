#include "chronicler/data/words.h"

#include <utf8proc.h>

#include <array>

#include "data/utf8.h"

namespace chronicler::data {
namespace {

enum class Kind : std::uint8_t { space, word, apostrophe, hyphen, mark };

struct Character {
  Kind kind = Kind::mark;
  std::size_t length = 1;
  std::string lower;
};

std::string encoded(utf8proc_int32_t code) {
  std::array<utf8proc_uint8_t, 4> bytes{};
  const auto length = utf8proc_encode_char(code, bytes.data());
  return {bytes.begin(), bytes.begin() + length};
}

Kind kind_of(utf8proc_int32_t code) {
  if (code == '\'' || code == 0x2019) return Kind::apostrophe;
  if (code == '-') return Kind::hyphen;
  if (is_letter_or_digit(code)) return Kind::word;
  switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return Kind::word;
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return Kind::space;
    default:
      return code == '_' ? Kind::word : Kind::mark;
  }
}

Character character_at(std::string_view text) {
  utf8proc_int32_t code = 0;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const auto length = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size()), &code);
  if (length <= 0) return {Kind::mark, 1, std::string(text.substr(0, 1))};
  Character character;
  character.length = static_cast<std::size_t>(length);
  character.kind = kind_of(code);
  character.lower = character.kind == Kind::apostrophe ? "'" : encoded(utf8proc_tolower(code));
  return character;
}

// The length of a tag at the start of the text; 0: none.
std::size_t tag_length(std::string_view text) {
  constexpr std::size_t longest = 64;
  if (text.size() < 3 || text[0] != '<') return 0;
  const char next = text[1] == '/' ? text[2] : text[1];
  if (!((next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z'))) return 0;
  const std::size_t end = text.substr(0, longest).find_first_of(">\n");
  return end == std::string_view::npos || text[end] != '>' ? 0 : end + 1;
}

// Where the last part of a contraction begins; the size of the word if it is none.
std::size_t contraction(std::string_view word) {
  constexpr std::array<std::string_view, 7> endings{"n't", "'s", "'re", "'ve", "'ll", "'d", "'m"};
  for (const std::string_view ending : endings) {
    if (word.size() > ending.size() && word.ends_with(ending)) return word.size() - ending.size();
  }
  return word.size();
}

}  // namespace

std::vector<Word> words_of(std::string_view text) {
  std::vector<Word> words;
  std::size_t at = 0;
  while (at < text.size()) {
    if (const std::size_t tag = tag_length(text.substr(at)); tag > 0) {
      at += tag;
      continue;
    }
    Character character = character_at(text.substr(at));
    if (character.kind == Kind::space) {
      at += character.length;
      continue;
    }
    const std::size_t begin = at;
    const bool starts_word = character.kind == Kind::word || character.kind == Kind::apostrophe;
    at += character.length;
    std::string word = std::move(character.lower);
    std::vector<std::size_t> places(word.size(), begin);  // of each byte of the word
    while (starts_word && at < text.size()) {
      Character next = character_at(text.substr(at));
      // An apostrophe or a hyphen belongs to a word only between two of its letters.
      if (next.kind == Kind::apostrophe || next.kind == Kind::hyphen) {
        const std::string_view rest = text.substr(at + next.length);
        if (rest.empty() || character_at(rest).kind != Kind::word) break;
      } else if (next.kind != Kind::word) {
        break;
      }
      places.insert(places.end(), next.lower.size(), at);
      word += next.lower;
      at += next.length;
    }
    const std::size_t cut = contraction(word);
    if (cut < word.size()) {
      const std::size_t middle = places[cut];
      words.push_back({word.substr(0, cut), static_cast<std::int64_t>(begin),
                       static_cast<std::int64_t>(middle)});
      words.push_back(
          {word.substr(cut), static_cast<std::int64_t>(middle), static_cast<std::int64_t>(at)});
    } else {
      words.push_back(
          {std::move(word), static_cast<std::int64_t>(begin), static_cast<std::int64_t>(at)});
    }
  }
  return words;
}

}  // namespace chronicler::data
