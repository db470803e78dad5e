// Which way is better.
#pragma once

#include <string_view>

#include "chronicler/training/metric.h"

namespace chronicler {

class Model;

// In which direction a key of the logs ("val_accuracy") improves: losses down, compiled metrics as
// they say, others unknown.
Direction metric_direction(const Model& model, std::string_view key);

}  // namespace chronicler
