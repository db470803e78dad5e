#include "layers/formula/text_error.h"

#include <algorithm>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler::formula {
namespace {

// How much of a long line is shown before and after a place.
constexpr std::size_t most_before = 60;
constexpr std::size_t most_after = 40;

// Where letters begin: a byte that goes on with one is part of it.
bool begins_letter(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }

std::size_t letters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_letter));
}

}  // namespace

void refuse(std::string_view formula, Place place, const std::string& message,
            const std::string& hint) {
  place.at = std::min(place.at, formula.size());
  const std::string_view before = formula.substr(0, place.at);
  const auto line_number = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t line_begin = before.rfind('\n') + 1;  // 0 if there is none
  const std::size_t line_end = std::min(formula.find('\n', place.at), formula.size());
  const std::size_t column = letters(formula.substr(line_begin, place.at - line_begin));

  std::size_t begin = line_begin;
  std::string shown;
  if (place.at - begin > most_before) {
    begin = place.at - most_before;
    while (!begins_letter(formula[begin])) ++begin;
    shown = "...";
  }
  std::size_t end = std::max(place.at, std::min(line_end, place.at + most_after));
  while (end < line_end && !begins_letter(formula[end])) ++end;
  const std::size_t marked = std::max<std::size_t>(
      1, letters(formula.substr(place.at, std::min(place.length, end - place.at))));
  const std::size_t indent = shown.size() + letters(formula.substr(begin, place.at - begin));
  shown += formula.substr(begin, end - begin);
  std::replace(shown.begin(), shown.end(), '\t', ' ');
  if (end < line_end) shown += "...";
  throw Error(
      fmt::format("line {}, column {} of the formula: {}", line_number, column + 1, message),
      fmt::format("{}\n  {}\n  {}{}", hint, shown, std::string(indent, ' '),
                  std::string(marked, '^')));
}

}  // namespace chronicler::formula
