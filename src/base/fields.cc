#include "chronicler/base/fields.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/wanted_text.h"
#include "chronicler/base/error.h"

namespace chronicler {

// NaN is in no range, and an infinity only where the range says that it ends there.
bool FieldRange::holds(double number) const {
  if (std::isnan(number)) return false;
  if (std::isinf(number) && (number > 0.0 ? most : least) != number) return false;
  if (least && (least_is_out ? number <= *least : number < *least)) return false;
  return !most || (most_is_out ? number < *most : number <= *most);
}

bool FieldRange::holds(std::string_view word) const {
  return words.empty() || std::find(words.begin(), words.end(), word) != words.end();
}

bool FieldRange::holds(std::span<const std::int64_t> numbers) const {
  return numbers.size() >= fewest && numbers.size() <= longest &&
         std::all_of(numbers.begin(), numbers.end(),
                     [this](std::int64_t each) { return holds(static_cast<double>(each)); });
}

namespace {

std::string bounds_text(const FieldRange& range) {
  if (range.least && range.most && std::isinf(*range.least) && std::isinf(*range.most)) return {};
  if (range.least && range.least == range.most) return fmt::to_string(*range.least);
  if (range.least && range.most) {
    if (!range.least_is_out && !range.most_is_out)
      return fmt::format("from {} to {}", *range.least, *range.most);
    return fmt::format("{} {} and {} {}", range.least_is_out ? "above" : "at least", *range.least,
                       range.most_is_out ? "below" : "at most", *range.most);
  }
  if (range.least)
    return fmt::format("{} {}", range.least_is_out ? "above" : "at least", *range.least);
  if (range.most) return fmt::format("{} {}", range.most_is_out ? "below" : "at most", *range.most);
  return {};
}

std::string count_text(const FieldRange& range) {
  if (range.longest == 1) return "one number";
  if (range.longest == 2) return "one or two numbers";
  return range.fewest > 0 ? "at least one number" : "";
}

}  // namespace

std::string FieldRange::text() const {
  if (!words.empty()) {
    std::string text(words.front());
    for (std::size_t i = 1; i < words.size(); ++i)
      text += fmt::format("{}{}", i + 1 == words.size() ? " or " : ", ", words[i]);
    return text;
  }
  const std::string count = count_text(*this);
  const std::string bounds = bounds_text(*this);
  if (count.empty() || bounds.empty()) return count + bounds;
  return fmt::format("{}, {}{}", count, longest == 1 ? "" : "each ", bounds);
}

FieldRange any_value() { return {}; }
FieldRange at_least(double least) { return {.least = least}; }
FieldRange above(double least) { return {.least = least, .least_is_out = true}; }
FieldRange at_most(double most) { return {.most = most}; }
FieldRange between(double least, double most) { return {.least = least, .most = most}; }
FieldRange share_below(double most) { return {.least = 0.0, .most = most, .most_is_out = true}; }
FieldRange one_of(std::initializer_list<std::string_view> words) { return {.words = words}; }
FieldRange one_number(FieldRange range) { return number_list(1, 1, std::move(range)); }
FieldRange number_list(std::size_t fewest, std::size_t longest, FieldRange range) {
  range.fewest = fewest;
  range.longest = longest;
  return range;
}

std::string field_text(bool value) { return value ? "true" : "false"; }
std::string field_text(int value) { return fmt::to_string(value); }
std::string field_text(std::int64_t value) { return fmt::to_string(value); }
std::string field_text(std::uint64_t value) { return fmt::to_string(value); }
std::string field_text(double value) { return fmt::format("{}", value); }
std::string field_text(const std::string& value) { return value; }
std::string field_text(const std::vector<double>& value) {
  return value.empty() ? "none" : fmt::format("{}", fmt::join(value, ", "));
}
std::string field_text(const std::vector<std::string>& value) {
  return value.empty() ? "none" : fmt::format("{}", fmt::join(value, ", "));
}
std::string field_text(const std::vector<std::int64_t>& value) {
  return value.empty() ? "none" : fmt::format("{}", fmt::join(value, ", "));
}

void refuse_field(std::string_view of, const FieldInfo& field, const std::string& value) {
  if (!field.range.words.empty())
    unknown_name(fmt::format("{} of {}", field.name, of), value, field.range.words);
  throw Error(fmt::format("{} of {} must be {}, got {}", field.name, of,
                          wanted_text(field.range, value), value));
}

}  // namespace chronicler
