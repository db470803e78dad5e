// UnitNormalization and RMSNormalization: each sample (and step) by itself, divided by its size.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

struct UnitNormalizationOptions {
  std::vector<std::int64_t> axis = {-1};
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = UnitNormalizationOptions;
    visit("axis", &Options::axis, number_list(1, Shape::max_rank),
          "one axis, or several that are taken together");
    visit_shared_fields<Options>(visit);
  }
};
// Each sample (and step) divided by its size: x / sqrt(sum of x x) along the axes; what is 0
// stays so.
LayerPtr UnitNormalization(const UnitNormalizationOptions& options = {});

struct RMSNormalizationOptions {
  std::vector<std::int64_t> axis = {-1};
  double epsilon = 1e-6;
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = RMSNormalizationOptions;
    visit("axis", &Options::axis, number_list(1, Shape::max_rank),
          "the last axis, or the last ones");
    visit("epsilon", &Options::epsilon, above(0.0), "added to the mean of the squares");
    visit_shared_fields<Options>(visit);
  }
};
// Each sample (and step) divided by its root mean square, Zhang and Sennrich 2019: x / sqrt(mean
// of x x + epsilon) * scale along the axes. Weight: scale, of the shape of the axes, which goes
// along the last axes of x, as in Keras. Masks end here.
LayerPtr RMSNormalization(const RMSNormalizationOptions& options = {});

}  // namespace chronicler::layers
