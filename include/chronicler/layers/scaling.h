// Normalization and Rescaling: the scale of data as a layer, so that a model takes them as they
// are.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

struct NormalizationOptions {
  std::vector<std::int64_t> axis = {-1};
  NumberArray mean = {};
  NumberArray variance = {};
  bool invert = false;
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = NormalizationOptions;
    visit("axis", &Options::axis, any_value(),
          "each place along these axes has a mean and a variance; none: one of each for all");
    visit("mean", &Options::mean, any_value(),
          "what is subtracted, instead of what adapt() finds: a number, or lists as long as the "
          "axes");
    visit("variance", &Options::variance, any_value(), "goes with mean, in the same shape");
    visit("invert", &Options::invert, any_value(), "back from what was normalized");
    visit_shared_fields<Options>(visit);
  }
};
// Numbers with mean 0 and variance 1: (x - mean) / sqrt(variance), with the moments that were
// given or that adapt() found. Weights, which training leaves as they are, unless both are
// given: mean and variance (the extents of the axes), and count, which is Keras's and is not
// used.
LayerPtr Normalization(const NormalizationOptions& options = {});
// Takes the means and variances of these data, (samples, ...). Throws Error for another layer.
void adapt(Layer& normalization, const Tensor& data);

struct RescalingOptions {
  NumberArray scale = 1.0;
  NumberArray offset = 0.0;
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = RescalingOptions;
    visit("scale", &Options::scale, any_value(), "factor: a number, or lists for the last axes");
    visit("offset", &Options::offset, any_value(), "added after the factor; likewise");
    visit_shared_fields<Options>(visit);
  }
};
// x * scale + offset, with numbers that are given.
LayerPtr Rescaling(const RescalingOptions& options);

}  // namespace chronicler::layers
