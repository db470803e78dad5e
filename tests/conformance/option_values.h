// What options are set to when they are to be away from their defaults: most values follow from the
// type of the default, the rest are in one table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chronicler/layers/options.h"

namespace chronicler::test {

// One option of a class away from its default, and what else has to be set for it to mean anything.
struct OptionValue {
  std::string option;  // empty: the class as it is
  SettingValue value;
  std::vector<Setting> with = {};

  // In names of files and tables: "clipnorm=0.05".
  std::string title() const;
  std::vector<Setting> settings() const;
};

// The settings without which a class cannot be made at all; most have none.
std::vector<Setting> needed_settings(std::string_view class_name);

// The settings of a class at their defaults, those included that files have only when they are set.
std::vector<Setting> all_settings(std::string_view class_name, std::vector<Setting> settings);

// Every option of `settings`, which are those of the class at their defaults, with each of its
// other values. Throws Error for an option whose type gives none and that the table does not know.
std::vector<OptionValue> other_values(std::string_view class_name,
                                      const std::vector<Setting>& settings);

}  // namespace chronicler::test
