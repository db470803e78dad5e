#include "chronicler/base/fields.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler {

bool FieldRange::holds(double number) const {
  if (std::isnan(number)) return !least && !most;
  if (least && (least_is_out ? number <= *least : number < *least)) return false;
  return !most || (most_is_out ? number < *most : number <= *most);
}

bool FieldRange::holds(std::string_view word) const {
  return words.empty() || std::find(words.begin(), words.end(), word) != words.end();
}

std::string FieldRange::text() const {
  if (!words.empty()) {
    std::string text(words.front());
    for (std::size_t i = 1; i < words.size(); ++i)
      text += fmt::format("{}{}", i + 1 == words.size() ? " or " : ", ", words[i]);
    return text;
  }
  if (least && least == most) return fmt::to_string(*least);
  if (least && most) {
    return most_is_out ? fmt::format("at least {} and below {}", *least, *most)
                       : fmt::format("from {} to {}", *least, *most);
  }
  if (least) return fmt::format("{} {}", least_is_out ? "above" : "at least", *least);
  if (most) return fmt::format("{} {}", most_is_out ? "below" : "at most", *most);
  return {};
}

FieldRange any_value() { return {}; }
FieldRange at_least(double least) { return {.least = least}; }
FieldRange above(double least) { return {.least = least, .least_is_out = true}; }
FieldRange between(double least, double most) { return {.least = least, .most = most}; }
FieldRange share_below(double most) { return {.least = 0.0, .most = most, .most_is_out = true}; }
FieldRange one_of(std::initializer_list<std::string_view> words) { return {.words = words}; }

std::string field_text(bool value) { return value ? "true" : "false"; }
std::string field_text(std::int64_t value) { return fmt::to_string(value); }
std::string field_text(std::uint64_t value) { return fmt::to_string(value); }
std::string field_text(double value) { return fmt::format("{}", value); }
std::string field_text(const std::string& value) { return value; }
std::string field_text(const std::vector<double>& value) {
  return value.empty() ? "none" : fmt::format("{}", fmt::join(value, ", "));
}

void refuse_field(std::string_view of, const FieldInfo& field, const std::string& value) {
  if (!field.range.words.empty())
    unknown_name(fmt::format("{} of {}", field.name, of), value, field.range.words);
  throw Error(
      fmt::format("{} of {} must be {}, got {}", field.name, of, field.range.text(), value));
}

}  // namespace chronicler
