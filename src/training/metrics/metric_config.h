// What a metric is called and what files hold of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chronicler/training/metric.h"
#include "training/field_settings.h"

namespace chronicler {

struct MetricConfig {
  std::string_view class_name;
  std::string name;
  std::vector<Setting> settings;  // name and dtype first, as Keras has them
};

// Throws Error for an option that is out of its range.
template <class Options>
MetricConfig metric_config(std::string_view class_name, std::string_view default_name,
                           Options options) {
  check_fields(class_name, options);
  if (options.name.empty()) options.name = default_name;
  std::vector<Setting> settings = field_settings(options, {"name", "dtype"});
  if constexpr (!requires { options.dtype; })
    settings.insert(settings.begin() + 1, {"dtype", std::string("float32")});
  return {class_name, options.name, std::move(settings)};
}

}  // namespace chronicler
