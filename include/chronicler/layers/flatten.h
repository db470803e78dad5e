// Flatten: each sample as one row of numbers, (B, ...) to (B, product of the rest).
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

struct FlattenOptions {
  std::string data_format = "channels_last";
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = FlattenOptions;
    visit("data_format", &Options::data_format, one_of({"channels_last", "channels_first"}),
          "channels_first: axis 1 goes to the end first");
    visit_shared_fields<Options>(visit);
  }
};

LayerPtr Flatten(const FlattenOptions& options = {});

}  // namespace chronicler::layers
