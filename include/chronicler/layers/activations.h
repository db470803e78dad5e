// Activation functions with settings, as layers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"

namespace chronicler::layers {

struct ReLUOptions {
  std::optional<double> max_value = {};
  double negative_slope = 0.0;
  double threshold = 0.0;
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  std::optional<Shape> input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};
// x from threshold to max_value, max_value above, negative_slope * (x - threshold) below.
LayerPtr ReLU(const ReLUOptions& options = {});

struct LeakyReLUOptions {
  double negative_slope = 0.3;
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  std::optional<Shape> input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};
LayerPtr LeakyReLU(const LeakyReLUOptions& options = {});

struct ELUOptions {
  double alpha = 1.0;
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  std::optional<Shape> input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};
// x above 0, alpha * (exp(x) - 1) below.
LayerPtr ELU(const ELUOptions& options = {});

struct PReLUOptions {
  Initializer alpha_initializer = "zeros";
  Regularizer alpha_regularizer = {};
  Constraint alpha_constraint = {};
  std::vector<std::int64_t> shared_axes = {};  // one slope for all places along these, from 1
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  std::optional<Shape> input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};
// x above 0, alpha * x below, with a trained alpha for each place of a sample.
LayerPtr PReLU(const PReLUOptions& options = {});

struct SoftmaxOptions {
  std::vector<std::int64_t> axis = {-1};  // one, or several that are taken together
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  std::optional<Shape> input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};
// A mask with all axes of the input (of extents 1 or its own) says which numbers take part; the
// rest become 0, and so does what has none.
LayerPtr Softmax(const SoftmaxOptions& options = {});

}  // namespace chronicler::layers
