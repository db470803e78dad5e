// TimeDistributed: one layer applied to every step.
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

struct TimeDistributedOptions {
  LayerPtr layer = {};
  std::string name = {};
  bool trainable = true;
  std::string dtype = {};
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = TimeDistributedOptions;
    visit("layer", &Options::layer, any_value(), "layer that is applied to every step",
          {.is_required = true});
    visit_shared_fields<Options>(visit);
  }
};

// (B, T, ...) to (B, T, ...): all steps of all rows are one batch for the layer, which must have
// one input and one output and carry no states.
LayerPtr TimeDistributed(const TimeDistributedOptions& options);
LayerPtr TimeDistributed(const LayerPtr& layer);

}  // namespace chronicler::layers
