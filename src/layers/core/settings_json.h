// Described objects (initializers and their kin) as Keras writes them into configurations.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "chronicler/layers/options.h"

namespace chronicler {

Json to_json(const SettingValue& value);
Json to_json(const std::vector<Setting>& settings);
SettingValue setting_value_at(const JsonPlace& place);

// The settings in an object. One that is not among `known` is left out if it is switched off there
// (null, false or {}): other versions of Keras write options that this one lacks. Any other stays,
// for whoever takes the settings to refuse.
std::vector<Setting> settings_at(const JsonPlace& config, const std::vector<Setting>& known);

// {"module": MODULE, "class_name": ..., "config": {...}, "registered_name": null}
Json described_to_json(std::string_view module, std::string_view class_name,
                       const std::vector<Setting>& settings);

// From such an object, or from a name.
template <class Kind>
Kind described_at(const JsonPlace& place) {
  if (place.is_text()) return Kind(place.text());
  const std::string& class_name = place["class_name"].text();
  Kind defaults = Kind::from(class_name, {});
  const auto config = place.find("config");
  if (!config) return defaults;
  return Kind::from(class_name, settings_at(*config, defaults.settings()));
}

}  // namespace chronicler
