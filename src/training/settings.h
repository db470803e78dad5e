// Reads the configuration of a loss, a metric, an optimizer or a schedule, setting by setting.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chronicler/layers/options.h"

namespace chronicler {

// Each call takes one setting out: its value if it was given, else the default. What is left over
// at the end is unknown, and an error. A value of the wrong type is an Error that names class and
// setting.
class SettingsReader {
 public:
  // Throws Error for a setting that is given twice. The settings must outlive the reader.
  SettingsReader(std::string_view class_name, const std::vector<Setting>& given);

  double number(std::string_view name, double otherwise);
  // A list of one number is that number.
  std::optional<double> optional_number(std::string_view name);
  std::int64_t whole(std::string_view name, std::int64_t otherwise);
  // May be written as a real number: 100.0.
  std::optional<std::int64_t> optional_whole(std::string_view name);
  bool flag(std::string_view name, bool otherwise);
  std::string text(std::string_view name, std::string_view otherwise);
  std::vector<double> numbers(std::string_view name);  // one number is a list of one
  // Throws Error unless it is given and not null.
  void require(std::string_view name) const;
  bool is_given(std::string_view name) const;
  bool is_null(std::string_view name) const;  // given, and null

  // A setting of Keras that has only one value here; Error for any other.
  void only(std::string_view name, const SettingValue& value);
  // A setting of Keras that changes nothing here.
  void ignore(std::string_view name);

  // Throws Error, with the nearest names, if a setting was given that nobody asked for.
  void finish() const;

 private:
  const SettingValue* take(std::string_view name);
  [[noreturn]] void refuse(std::string_view name, std::string_view wanted,
                           const SettingValue& value) const;

  std::string_view class_name_;
  const std::vector<Setting>& given_;
  std::vector<std::string> asked_;
};

// A null setting for an empty option.
SettingValue setting_or_null(const std::optional<double>& value);
SettingValue setting_or_null(const std::optional<std::int64_t>& value);

}  // namespace chronicler
