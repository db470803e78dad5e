// The numbers that Keras gave, as tests/golden/training has them.
#pragma once

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/json.h"
#include "layers/core/settings_json.h"
#include "support/source_dir.h"

namespace chronicler::test {

// A file of tests/golden/training.
inline Json golden_numbers(const std::string& name) {
  std::ifstream file(source_dir() / "tests" / "golden" / "training" / name);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return parse_json(text, name);
}

inline std::vector<Setting> settings_of(const Json& object) {
  const JsonPlace place(object, "settings");
  std::vector<Setting> settings;
  for (const std::string& name : place.member_names())
    settings.push_back({name, setting_value_at(place[name])});
  return settings;
}

}  // namespace chronicler::test
