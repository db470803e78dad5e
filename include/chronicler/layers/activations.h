// Activation functions with settings, as layers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

struct ReLUOptions {
  std::optional<double> max_value = {};
  double negative_slope = 0.0;
  double threshold = 0.0;
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = ReLUOptions;
    visit("max_value", &Options::max_value, at_least(0.0), "largest output",
          {.default_text = "no limit"});
    visit("negative_slope", &Options::negative_slope, at_least(0.0), "slope below the threshold");
    visit("threshold", &Options::threshold, at_least(0.0), "where the slope of 1 begins");
    visit_shared_fields<Options>(visit);
  }
};
// The part of x above a threshold (Nair and Hinton 2010): x from threshold to max_value,
// max_value above, negative_slope * (x - threshold) below.
LayerPtr ReLU(const ReLUOptions& options = {});

struct LeakyReLUOptions {
  double negative_slope = 0.3;
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = LeakyReLUOptions;
    visit("negative_slope", &Options::negative_slope, any_value(), "slope below 0");
    visit_shared_fields<Options>(visit);
  }
};
// x above 0, negative_slope * x below (Maas, Hannun and Ng 2013).
LayerPtr LeakyReLU(const LeakyReLUOptions& options = {});

struct ELUOptions {
  double alpha = 1.0;
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = ELUOptions;
    visit("alpha", &Options::alpha, any_value(), "the output goes to -alpha far below 0");
    visit_shared_fields<Options>(visit);
  }
};
// Exponential linear unit (Clevert, Unterthiner and Hochreiter 2016): x above 0, alpha * (exp(x)
// - 1) below.
LayerPtr ELU(const ELUOptions& options = {});

struct PReLUOptions {
  Initializer alpha_initializer = "zeros";
  Regularizer alpha_regularizer = {};
  Constraint alpha_constraint = {};
  std::vector<std::int64_t> shared_axes = {};
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = PReLUOptions;
    visit("alpha_initializer", &Options::alpha_initializer, any_value(), "first slopes below 0");
    visit("alpha_regularizer", &Options::alpha_regularizer, any_value(), "penalty on the slopes");
    visit("alpha_constraint", &Options::alpha_constraint, any_value(),
          "what the slopes are held to");
    visit("shared_axes", &Options::shared_axes, any_value(),
          "one slope for all places along these axes, counted from 1", {.default_text = "none"});
    visit_shared_fields<Options>(visit);
  }
};
// ReLU with trained slopes below 0 (He et al. 2015): x above 0, alpha * x below, with an alpha
// for each place of a sample.
LayerPtr PReLU(const PReLUOptions& options = {});

struct SoftmaxOptions {
  std::vector<std::int64_t> axis = {-1};
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = SoftmaxOptions;
    visit("axis", &Options::axis, number_list(1, Shape::max_rank),
          "one axis, or several that are taken together");
    visit_shared_fields<Options>(visit);
  }
};
// Numbers as shares that sum to 1: exp(x) / sum of exp(x) along the axes. A mask with all axes
// of the input (of extents 1 or its own) says which numbers take part; the rest become 0, and so
// does what has none.
LayerPtr Softmax(const SoftmaxOptions& options = {});

}  // namespace chronicler::layers
