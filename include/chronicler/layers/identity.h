// Layers that hand on what they get: Identity, and ActivityRegularization, which adds a penalty.
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

struct IdentityOptions {
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    visit_shared_fields<IdentityOptions>(visit);
  }
};
// Hands on what it gets.
LayerPtr Identity(const IdentityOptions& options = {});

// Keras's names, order and defaults; fields() says what each option is.
struct ActivityRegularizationOptions {
  double l1 = 0.0;
  double l2 = 0.0;
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = ActivityRegularizationOptions;
    visit("l1", &Options::l1, at_least(0.0), "factor of the sum of the absolute values");
    visit("l2", &Options::l2, at_least(0.0), "factor of the sum of the squares");
    visit_shared_fields<Options>(visit);
  }
};
// Hands on what it gets, and adds a penalty on it to the loss: l1 times the sum of sizes and l2
// times that of squares, divided by the rows of the batch, as every activity_regularizer.
LayerPtr ActivityRegularization(const ActivityRegularizationOptions& options = {});

}  // namespace chronicler::layers
