#include "layers/core/settings_json.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler {

Json to_json(const SettingValue& value) {
  return std::visit(
      [](const auto& held) -> Json {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, std::monostate>) return nullptr;
        if constexpr (std::is_same_v<Held, double>) {
          if (!std::isfinite(held)) throw Error(fmt::format("{} cannot be saved as JSON", held));
        }
        if constexpr (!std::is_same_v<Held, std::monostate>) return held;
      },
      value);
}

Json to_json(const std::vector<Setting>& settings) {
  Json object = Json::object();
  for (const Setting& setting : settings) object[setting.name] = to_json(setting.value);
  return object;
}

SettingValue setting_value_at(const JsonPlace& place) {
  const Json& json = place.json();
  if (json.is_null()) return {};
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number_integer()) return place.whole();
  if (json.is_number()) return json.get<double>();
  if (json.is_string()) return json.get<std::string>();
  if (!json.is_array()) place.refuse("a number, text, a list of numbers, true, false or null");
  std::vector<double> numbers;
  for (const JsonPlace& item : place.items()) numbers.push_back(item.number());
  return numbers;
}

std::vector<Setting> settings_at(const JsonPlace& config, const std::vector<Setting>& known) {
  std::vector<Setting> settings;
  for (const std::string& name : config.member_names()) {
    const JsonPlace place = config[name];
    const bool is_known = std::any_of(known.begin(), known.end(),
                                      [&](const Setting& own) { return own.name == name; });
    if (is_known || !place.is_off()) settings.push_back({name, setting_value_at(place)});
  }
  return settings;
}

Json described_to_json(std::string_view module, std::string_view class_name,
                       const std::vector<Setting>& settings) {
  return {{"module", module},
          {"class_name", class_name},
          {"config", to_json(settings)},
          {"registered_name", nullptr}};
}

}  // namespace chronicler
