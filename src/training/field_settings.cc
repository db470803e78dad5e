#include "training/field_settings.h"

#include <cmath>

namespace chronicler {

void take_field(SettingsReader& settings, const FieldInfo& field, std::string& value) {
  // Python's None is a word too, where there is one: `reduction=None`.
  if (settings.is_null(field.name) && field.range.holds("none") && !field.range.words.empty())
    value = "none";
  value = settings.text(field.name, value);
}

void take_field(SettingsReader& settings, const FieldInfo& field, std::vector<double>& value) {
  if (settings.is_given(field.name)) value = settings.numbers(field.name);
}

void take_field(SettingsReader& settings, const FieldInfo& field,
                std::vector<std::int64_t>& value) {
  if (!settings.is_given(field.name)) return;
  value.clear();
  for (const double number : settings.numbers(field.name))
    value.push_back(static_cast<std::int64_t>(std::floor(number)));
}

SettingValue field_setting(const std::vector<double>& value) {
  return value.empty() ? SettingValue() : SettingValue(value);
}

void put_first(std::vector<Setting>& settings, std::initializer_list<std::string_view> names) {
  auto place = settings.begin();
  for (const std::string_view name : names) {
    const auto found = std::find_if(place, settings.end(),
                                    [&](const Setting& setting) { return setting.name == name; });
    if (found == settings.end()) continue;
    std::rotate(place, found, found + 1);
    ++place;
  }
}

}  // namespace chronicler
