#include "cli/field_options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace chronicler::cli {

std::string option_name(std::string_view field) {
  std::string name = "--" + std::string(field);
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

std::string option_help(const FieldInfo& field, const std::string& default_value) {
  const std::string_view shown =
      field.notes.default_text.empty() ? std::string_view(default_value) : field.notes.default_text;
  const bool has_none = shown.empty() || shown == "none" || field.notes.is_required;
  std::string help(field.sentence);
  if (!field.range.words.empty()) help += fmt::format(": {}", field.range.text());
  return has_none ? help : fmt::format("{} ({})", help, shown);
}

namespace {

// The number that a text is, whole if it must be; nothing else may stand beside it.
template <class Number>
std::optional<double> number_in(const std::string& text) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [stopped, reason] = std::from_chars(text.data(), end, number);
  if (reason != std::errc() || stopped != end) return {};
  const auto value = static_cast<double>(number);
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

}  // namespace

CLI::Validator range_check(const FieldInfo& field, bool is_whole) {
  const auto check = [range = field.range, is_whole](const std::string& text) -> std::string {
    std::string kind;  // none: the words themselves are the range
    bool fits = range.holds(std::string_view(text));
    if (range.words.empty()) {
      kind = is_whole ? "a whole number" : "a number";
      const auto number = is_whole ? number_in<std::int64_t>(text) : number_in<double>(text);
      fits = number && range.holds(*number);
    }
    if (fits) return {};
    const std::string of = range.text();
    return fmt::format("needs {}{}{}, got \"{}\"", kind, kind.empty() || of.empty() ? "" : " ", of,
                       text);
  };
  return {check, ""};
}

namespace {

constexpr std::string_view no_numbers = "none";

std::vector<std::string> parts_of(const std::string& list) {
  return list == no_numbers ? std::vector<std::string>() : CLI::detail::split(list, ',');
}

}  // namespace

CLI::Validator list_check(const FieldInfo& field) {
  const auto check = [range = field.range](const std::string& list) -> std::string {
    if (list == no_numbers) return {};
    for (const std::string& part : parts_of(list)) {
      const auto number = number_in<double>(part);
      if (number && range.holds(*number)) continue;
      return fmt::format("needs numbers {}, with commas between them, got \"{}\"", range.text(),
                         list);
    }
    return {};
  };
  return {check, ""};
}

std::vector<double> numbers_of(const std::string& list) {
  std::vector<double> numbers;
  for (const std::string& part : parts_of(list))
    numbers.push_back(number_in<double>(part).value_or(0.0));
  return numbers;
}

std::string list_of(const std::vector<double>& numbers) {
  return fmt::format("{}", fmt::join(numbers, ","));
}

}  // namespace chronicler::cli
