#include "training/settings.h"

#include <algorithm>
#include <cmath>
#include <variant>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler {
namespace {

std::string shown(const SettingValue& value) {
  if (std::holds_alternative<std::monostate>(value)) return "null";
  if (const bool* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return fmt::to_string(*whole);
  if (const double* real = std::get_if<double>(&value)) return fmt::to_string(*real);
  if (const auto* text = std::get_if<std::string>(&value)) return fmt::format("\"{}\"", *text);
  return fmt::format("[{}]", fmt::join(std::get<std::vector<double>>(value), ", "));
}

}  // namespace

SettingsReader::SettingsReader(std::string_view class_name, const std::vector<Setting>& given)
    : class_name_(class_name), given_(given) {
  for (std::size_t i = 0; i < given.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (given[i].name != given[j].name) continue;
      throw Error(fmt::format("{} of {} is given twice", given[i].name, class_name_));
    }
  }
}

const SettingValue* SettingsReader::take(std::string_view name) {
  if (std::find(asked_.begin(), asked_.end(), name) == asked_.end()) asked_.emplace_back(name);
  for (const Setting& setting : given_) {
    if (setting.name == name) return &setting.value;
  }
  return nullptr;
}

void SettingsReader::refuse(std::string_view name, std::string_view wanted,
                            const SettingValue& value) const {
  throw Error(fmt::format("{} of {} is {}, got {}", name, class_name_, wanted, shown(value)));
}

std::optional<double> SettingsReader::optional_number(std::string_view name) {
  const SettingValue* value = take(name);
  if (value == nullptr || std::holds_alternative<std::monostate>(*value)) return {};
  if (const double* real = std::get_if<double>(value)) return *real;
  if (const auto* whole = std::get_if<std::int64_t>(value)) return static_cast<double>(*whole);
  const auto* list = std::get_if<std::vector<double>>(value);
  if (list != nullptr && list->size() == 1) return list->front();
  refuse(name, "a number", *value);
}

double SettingsReader::number(std::string_view name, double otherwise) {
  return optional_number(name).value_or(otherwise);
}

std::optional<std::int64_t> SettingsReader::optional_whole(std::string_view name) {
  const SettingValue* value = take(name);
  if (value == nullptr || std::holds_alternative<std::monostate>(*value)) return {};
  if (const auto* whole = std::get_if<std::int64_t>(value)) return *whole;
  const double* real = std::get_if<double>(value);
  if (real != nullptr && *real == std::floor(*real) && std::abs(*real) < 0x1p53)
    return static_cast<std::int64_t>(*real);
  refuse(name, "a whole number", *value);
}

std::int64_t SettingsReader::whole(std::string_view name, std::int64_t otherwise) {
  return optional_whole(name).value_or(otherwise);
}

bool SettingsReader::flag(std::string_view name, bool otherwise) {
  const SettingValue* value = take(name);
  if (value == nullptr || std::holds_alternative<std::monostate>(*value)) return otherwise;
  if (const bool* given = std::get_if<bool>(value)) return *given;
  refuse(name, "true or false", *value);
}

std::string SettingsReader::text(std::string_view name, std::string_view otherwise) {
  const SettingValue* value = take(name);
  if (value == nullptr || std::holds_alternative<std::monostate>(*value)) {
    return std::string(otherwise);
  }
  if (const auto* given = std::get_if<std::string>(value)) return *given;
  refuse(name, "text", *value);
}

std::vector<double> SettingsReader::numbers(std::string_view name) {
  const SettingValue* value = take(name);
  if (value == nullptr || std::holds_alternative<std::monostate>(*value)) return {};
  if (const auto* list = std::get_if<std::vector<double>>(value)) return *list;
  if (const double* real = std::get_if<double>(value)) return {*real};
  if (const auto* whole = std::get_if<std::int64_t>(value)) return {static_cast<double>(*whole)};
  refuse(name, "a list of numbers", *value);
}

void SettingsReader::require(std::string_view name) const {
  if (!is_given(name) || is_null(name)) throw Error(fmt::format("{} needs {}", class_name_, name));
}

bool SettingsReader::is_given(std::string_view name) const {
  return std::any_of(given_.begin(), given_.end(),
                     [&](const Setting& setting) { return setting.name == name; });
}

bool SettingsReader::is_null(std::string_view name) const {
  return std::any_of(given_.begin(), given_.end(), [&](const Setting& setting) {
    return setting.name == name && std::holds_alternative<std::monostate>(setting.value);
  });
}

void SettingsReader::only(std::string_view name, const SettingValue& value) {
  const SettingValue* given = take(name);
  if (given != nullptr && *given != value) {
    refuse(name, fmt::format("{} and nothing else", shown(value)), *given);
  }
}

void SettingsReader::ignore(std::string_view name) { take(name); }

void SettingsReader::finish() const {
  const std::vector<std::string_view> known(asked_.begin(), asked_.end());
  for (const Setting& setting : given_) {
    if (std::find(known.begin(), known.end(), setting.name) == known.end()) {
      unknown_name(fmt::format("setting of {}", class_name_), setting.name, known);
    }
  }
}

SettingValue setting_or_null(const std::optional<double>& value) {
  return value ? SettingValue(*value) : SettingValue();
}

SettingValue setting_or_null(const std::optional<std::int64_t>& value) {
  return value ? SettingValue(*value) : SettingValue();
}

}  // namespace chronicler
