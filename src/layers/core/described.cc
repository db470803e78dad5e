#include "layers/core/described.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler {
namespace {

std::vector<std::string_view> names_of(const std::vector<Setting>& settings) {
  std::vector<std::string_view> names;
  for (const Setting& setting : settings) names.emplace_back(setting.name);
  return names;
}

[[noreturn]] void unknown_setting(std::string_view class_name, std::string_view name,
                                  const std::vector<Setting>& known) {
  unknown_name(fmt::format("setting of {}", class_name), name, names_of(known));
}

bool is_null(const SettingValue& value) { return std::holds_alternative<std::monostate>(value); }

std::string shown(const SettingValue& value) {
  if (is_null(value)) return "null";
  if (const bool* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return fmt::to_string(*whole);
  if (const double* real = std::get_if<double>(&value)) return fmt::to_string(*real);
  if (const auto* text = std::get_if<std::string>(&value)) return fmt::format("\"{}\"", *text);
  return "a list";
}

// As tables have it (FieldRow::type). One whose default is null is a seed.
std::string field_type(const SettingValue& value) {
  if (is_null(value)) return "int?";
  if (std::holds_alternative<bool>(value)) return "bool";
  if (std::holds_alternative<std::int64_t>(value)) return "int";
  return std::holds_alternative<double>(value) ? "float" : "str";
}

std::string_view type_of(const SettingValue& default_value) {
  if (is_null(default_value) || std::holds_alternative<std::int64_t>(default_value)) {
    return "a whole number";
  }
  if (std::holds_alternative<bool>(default_value)) return "true or false";
  return std::holds_alternative<double>(default_value) ? "a number" : "text";
}

// `value` as the type that the default has. Whole numbers may stand for real ones, as in JSON.
SettingValue typed(const SettingValue& default_value, const Setting& given,
                   std::string_view class_name) {
  if (is_null(given.value)) return default_value;
  const auto* whole = std::get_if<std::int64_t>(&given.value);
  if (whole != nullptr && std::holds_alternative<double>(default_value)) {
    return static_cast<double>(*whole);
  }
  if (given.value.index() == default_value.index() ||
      (whole != nullptr && is_null(default_value))) {
    return given.value;
  }
  throw Error(fmt::format("{} of {} is {}, got {}", given.name, class_name, type_of(default_value),
                          shown(given.value)));
}

}  // namespace

std::vector<Setting> DescribedClass::defaults() const {
  std::vector<Setting> defaults;
  for (const DescribedField& field : settings)
    defaults.push_back({std::string(field.name), field.value});
  return defaults;
}

FieldTable DescribedClass::fields() const {
  FieldTable table{{}, settings.size()};
  for (const DescribedField& field : settings) {
    const auto* text = std::get_if<std::string>(&field.value);
    const std::string value = is_null(field.value) ? "none" : text ? *text : shown(field.value);
    table.rows.push_back({std::string(field.name),
                          value,
                          field.range.text(),
                          std::string(field.sentence),
                          {},
                          field_type(field.value),
                          value});
  }
  return table;
}

void check_settings(const DescribedClass& described, const std::vector<Setting>& settings) {
  for (std::size_t i = 0; i < settings.size(); ++i) {
    const DescribedField& field = described.settings[i];
    const FieldInfo info{field.name, field.range, field.sentence, {}};
    const auto* real = std::get_if<double>(&settings[i].value);
    if (real != nullptr && settings[i].value != field.value && !field.range.holds(*real))
      refuse_field(described.class_name, info, field_text(*real));
    const auto* whole = std::get_if<std::int64_t>(&settings[i].value);
    if (whole != nullptr && settings[i].value != field.value &&
        !field.range.holds(static_cast<double>(*whole)))
      refuse_field(described.class_name, info, fmt::to_string(*whole));
    const auto* text = std::get_if<std::string>(&settings[i].value);
    if (text != nullptr && !field.range.holds(std::string_view(*text)))
      refuse_field(described.class_name, info, *text);
  }
}

const DescribedClass& find_described(std::string_view kind, std::string_view name,
                                     std::span<const DescribedClass> classes) {
  std::vector<std::string_view> known;
  for (const DescribedClass& described : classes) {
    const auto& names = described.names;
    if (name == described.class_name ||
        std::find(names.begin(), names.end(), name) != names.end()) {
      return described;
    }
    known.push_back(names.front());
  }
  unknown_name(kind, name, known);
}

std::vector<Setting> complete_settings(const DescribedClass& described,
                                       const std::vector<Setting>& given) {
  const std::vector<Setting> defaults = described.defaults();
  std::vector<Setting> settings = defaults;
  std::vector<bool> seen(settings.size(), false);
  for (const Setting& one : given) {
    const auto place = std::find_if(settings.begin(), settings.end(),
                                    [&](const Setting& known) { return known.name == one.name; });
    if (place == settings.end()) unknown_setting(described.class_name, one.name, settings);
    const auto index = static_cast<std::size_t>(place - settings.begin());
    if (seen[index]) {
      throw Error(fmt::format("{} of {} is given twice", one.name, described.class_name));
    }
    seen[index] = true;
    place->value = typed(defaults[index].value, one, described.class_name);
  }
  return settings;
}

// ---- what the three kinds share

Described::Described(std::string class_name, std::vector<Setting> settings)
    : class_name_(std::move(class_name)), settings_(std::move(settings)) {}

double Described::number(std::string_view setting) const {
  for (const Setting& own : settings_) {
    if (own.name != setting) continue;
    if (is_null(own.value)) return 0.0;
    if (const auto* whole = std::get_if<std::int64_t>(&own.value)) {
      return static_cast<double>(*whole);
    }
    if (const double* real = std::get_if<double>(&own.value)) return *real;
    if (const bool* flag = std::get_if<bool>(&own.value)) return *flag ? 1.0 : 0.0;
    throw Error(
        fmt::format("{} of {} is {}, not a number", setting, class_name_, shown(own.value)));
  }
  unknown_setting(class_name_, setting, settings_);
}

bool operator==(const Described& a, const Described& b) {
  const auto same = [](const Setting& x, const Setting& y) {
    return x.name == y.name && x.value == y.value;
  };
  return a.class_name_ == b.class_name_ && std::equal(a.settings_.begin(), a.settings_.end(),
                                                      b.settings_.begin(), b.settings_.end(), same);
}

}  // namespace chronicler
