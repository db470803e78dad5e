// What the layers that work along the steps of a sequence ask of their input and options.
#pragma once

#include <string>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/base/shape.h"

namespace chronicler {

// who() tells the layer for the error: called for nothing else, as it makes a string.
template <class Who>
void check_sequence(const Who& who, const Shape& x) {
  if (x.rank() == 3) return;
  throw Error(fmt::format("{} needs input (batch, steps, features), got {}", who(), x.to_string()),
              "set return_sequences=true on the layer before it");
}

inline void check_data_format(const std::string& who, const std::string& data_format) {
  if (data_format == "channels_last") return;
  throw Error(
      fmt::format("{}: data_format must be \"channels_last\", got \"{}\"", who, data_format),
      "put the features on the last axis");
}

}  // namespace chronicler
