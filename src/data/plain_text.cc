#include "chronicler/data/plain_text.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "data/utf8.h"

namespace chronicler::data {
namespace {

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Below it every text is in its composed form.
constexpr utf8proc_int32_t first_that_composes = 0x300;
// Sorting the marks of one letter takes the square of their number: no language has as many.
constexpr int most_marks = 64;

struct Point {
  utf8proc_int32_t code = -1;  // -1: no character
  std::size_t size = 1;
};

Point point_at(std::string_view text) {
  Point point;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const auto size =
      utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size()), &point.code);
  if (size <= 0) return {};
  point.size = static_cast<std::size_t>(size);
  return point;
}

bool is_unseen(utf8proc_int32_t code) {
  switch (code) {
    case 0x00AD:  // soft hyphen
    case 0x200B:  // zero-width space
    case 0x2060:  // word joiner
    case 0xFEFF:  // byte-order mark
      return true;
    default:
      return false;
  }
}

// A space, but neither the plain one nor a line end that every program knows.
bool is_other_space(utf8proc_int32_t code) {
  if (code < 0x80) return false;
  switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return true;
    default:
      return code == 0x85;  // the next line of old machines
  }
}

struct Free {
  void operator()(utf8proc_uint8_t* bytes) const { std::free(bytes); }
};

// A line in its composed form, with what else is asked for; empty if it has none.
std::string composed(std::string_view line, int more = 0) {
  utf8proc_uint8_t* bytes = nullptr;
  const auto size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(line.data()),
                   static_cast<utf8proc_ssize_t>(line.size()), &bytes,
                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | more));
  const std::unique_ptr<utf8proc_uint8_t, Free> owner(bytes);
  return size > 0
             ? std::string(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size))
             : std::string();
}

// Appends a line that has no line end.
void append_line(std::string& to, std::string_view line, std::u32string_view kept) {
  bool may_compose = false;
  int marks = 0;
  int most = 0;
  const std::size_t begin = to.size();
  for (std::size_t i = 0; i < line.size();) {
    if (static_cast<unsigned char>(line[i]) < 0x80) {
      marks = 0;
      to += line[i++];
      continue;
    }
    const Point point = point_at(line.substr(i));
    if (point.code < 0) {
      to.resize(begin);
      to += line;
      return;
    }
    const bool stays = kept.find(static_cast<char32_t>(point.code)) != std::u32string_view::npos;
    if (!stays && is_other_space(point.code)) {
      to += ' ';
    } else if (stays || !is_unseen(point.code)) {
      to += line.substr(i, point.size);
    }
    may_compose = may_compose || point.code >= first_that_composes;
    marks = utf8proc_get_property(point.code)->combining_class > 0 ? marks + 1 : 0;
    most = std::max(most, marks);
    i += point.size;
  }
  if (!may_compose || most > most_marks) return;
  const std::string whole = composed(std::string_view(to).substr(begin));
  if (!whole.empty()) to.replace(begin, std::string::npos, whole);
}

template <class Function>
void for_lines(std::string_view text, const Function& function) {
  for (;;) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    function(text.substr(0, end), end < text.size());
    if (end == text.size()) return;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

void make_plain(std::string& text) {
  if (!is_ascii(text)) text = plain_text(text);
}

std::string plain_text(std::string_view text, std::u32string_view kept) {
  if (is_ascii(text)) return std::string(text);
  std::string result;
  result.reserve(text.size());
  for_lines(text, [&](std::string_view line, bool ends) {
    append_line(result, line, kept);
    if (ends) result += '\n';
  });
  return result;
}

std::u32string unplain_characters(std::string_view text) {
  std::u32string found;
  while (!text.empty()) {
    const Point point = point_at(text);
    const auto character = static_cast<char32_t>(point.code);
    const bool counts = point.code >= 0x80 && (is_unseen(point.code) || is_other_space(point.code));
    if (counts && found.find(character) == std::u32string::npos) found += character;
    text.remove_prefix(point.size);
  }
  return found;
}

bool has_text(std::string_view text) {
  while (!text.empty()) {
    const Point point = point_at(text);
    if (point.code < 0) return true;
    switch (utf8proc_category(point.code)) {
      case UTF8PROC_CATEGORY_ZS:
      case UTF8PROC_CATEGORY_ZL:
      case UTF8PROC_CATEGORY_ZP:
      case UTF8PROC_CATEGORY_CC:
      case UTF8PROC_CATEGORY_CF:
        break;
      default: {
        // Letters that fill a place and show nothing, and what changes the look of another.
        const bool shows_nothing = point.code == 0x115F || point.code == 0x1160 ||
                                   point.code == 0x3164 || point.code == 0xFFA0 ||
                                   point.code == 0x2800 || point.code == 0x034F ||
                                   (point.code >= 0xFE00 && point.code <= 0xFE0F);
        if (!shows_nothing) return true;
      }
    }
    text.remove_prefix(point.size);
  }
  return false;
}

std::string plain_line(std::string_view text, std::u32string_view kept) {
  std::string line;
  char before = ' ';
  for (const char c : plain_text(text, kept)) {
    const bool is_space = std::string_view("\t\r\n\v\f").find(c) != std::string_view::npos;
    if (!(before == '\r' && c == '\n')) line += is_space ? ' ' : c;
    before = c;
  }
  line.erase(0, std::min(line.find_first_not_of(' '), line.size()));
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

std::string plain_name(std::string_view text) {
  std::string name = plain_line(text);
  const auto is_double = [](char a, char b) { return a == ' ' && b == ' '; };
  name.erase(std::unique(name.begin(), name.end(), is_double), name.end());
  return name;
}

std::string folded_name(std::string_view text) {
  const std::string name = plain_name(text);
  const std::string folded = composed(name, UTF8PROC_CASEFOLD);
  return folded.empty() ? name : folded;
}

}  // namespace chronicler::data
