// Configurations of Keras from the table of an options struct (chronicler/base/fields.h): how
// losses, metrics, optimizers and schedules are read from files and written to them.
//
// The struct also has `static constexpr std::string_view class_name`, that of Keras.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chronicler/base/field_table.h"
#include "chronicler/base/fields.h"
#include "training/settings.h"

namespace chronicler {

// The options; throws Error for the first that is out of its range.
template <class Options>
const Options& checked_fields(const Options& options) {
  check_fields(Options::class_name, options);
  return options;
}

// ---- reading: a setting that is not given leaves the default

inline void take_field(SettingsReader& settings, const FieldInfo& field, bool& value) {
  value = settings.flag(field.name, value);
}
inline void take_field(SettingsReader& settings, const FieldInfo& field, std::int64_t& value) {
  value = settings.whole(field.name, value);
}
inline void take_field(SettingsReader& settings, const FieldInfo& field, int& value) {
  value = static_cast<int>(settings.whole(field.name, value));
}
inline void take_field(SettingsReader& settings, const FieldInfo& field, double& value) {
  value = settings.number(field.name, value);
}
void take_field(SettingsReader& settings, const FieldInfo& field, std::string& value);
void take_field(SettingsReader& settings, const FieldInfo& field, std::vector<double>& value);
void take_field(SettingsReader& settings, const FieldInfo& field, std::vector<std::int64_t>& value);
template <class Value>
void take_field(SettingsReader& settings, const FieldInfo& field, std::optional<Value>& value) {
  if (settings.is_null(field.name)) {
    settings.ignore(field.name);
    value.reset();
  } else if (settings.is_given(field.name)) {
    take_field(settings, field, value.emplace());
  }
}

// The options that a configuration holds. Throws Error for a value of the wrong type, and where one
// is missing that has no default.
template <class Options>
Options take_fields(SettingsReader& settings) {
  Options options;
  for_each_field(options, [&](const FieldInfo& field, auto& value) {
    if (field.notes.is_required) settings.require(field.name);
    take_field(settings, field, value);
  });
  settings.ignore("dtype");
  return options;
}

// ---- writing

inline SettingValue field_setting(bool value) { return value; }
inline SettingValue field_setting(std::int64_t value) { return value; }
inline SettingValue field_setting(double value) { return value; }
inline SettingValue field_setting(const std::string& value) { return value; }
SettingValue field_setting(const std::vector<double>& value);  // null if it is empty
inline SettingValue field_setting(const std::vector<std::int64_t>& value) {
  return std::vector<double>(value.begin(), value.end());
}
template <class Value>
SettingValue field_setting(const std::optional<Value>& value) {
  return value ? field_setting(*value) : SettingValue();
}

// Moves the settings of these names to the front, in this order.
void put_first(std::vector<Setting>& settings, std::initializer_list<std::string_view> names);

// The options as a configuration holds them: in the order of the table, but `first` before all
// others.
template <class Options>
std::vector<Setting> field_settings(const Options& options,
                                    std::initializer_list<std::string_view> first = {}) {
  std::vector<Setting> settings;
  const Options defaults;
  Options::fields([&](std::string_view name, auto member, const FieldRange&, std::string_view,
                      const FieldNotes& notes = {}) {
    if (notes.is_extra && field_setting(options.*member) == field_setting(defaults.*member)) return;
    settings.push_back({std::string(name), field_setting(options.*member)});
  });
  put_first(settings, first);
  return settings;
}

// ---- catalogs

namespace detail {
template <class Result, class Options>
Options options_of(Result (*factory)(const Options&));
}  // namespace detail

// The options that a factory takes.
template <auto factory>
using OptionsOf = decltype(detail::options_of(factory));

// What the factory makes of a configuration.
template <auto factory>
auto made_from(SettingsReader& settings) {
  return factory(take_fields<OptionsOf<factory>>(settings));
}

}  // namespace chronicler
