// Pooling over the steps of a sequence.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"

namespace chronicler::layers {

struct Pooling1DOptions {
  std::vector<std::int64_t> pool_size = {2};
  std::vector<std::int64_t> strides = {};  // empty: the pool_size
  std::string padding = "valid";           // or "same"
  std::string data_format = "channels_last";
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  std::optional<Shape> input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};
// (B, T, F) to (B, T', F): the largest or the mean of each window. Padding counts in neither.
LayerPtr MaxPooling1D(const Pooling1DOptions& options = {});
LayerPtr AveragePooling1D(const Pooling1DOptions& options = {});

struct GlobalPooling1DOptions {
  std::string data_format = "channels_last";
  bool keepdims = false;  // (B, 1, F) instead of (B, F)
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  std::optional<Shape> input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};
// (B, T, F) to (B, F): the largest or the mean of all steps. The mean is over the steps that count;
// it is 0 for a row without any.
LayerPtr GlobalMaxPooling1D(const GlobalPooling1DOptions& options = {});
LayerPtr GlobalAveragePooling1D(const GlobalPooling1DOptions& options = {});

}  // namespace chronicler::layers
