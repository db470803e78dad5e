// Cropping1D, ZeroPadding1D and UpSampling1D: the same steps, and fewer or more of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"

namespace chronicler::layers {

struct Cropping1DOptions {
  std::vector<std::int64_t> cropping = {1, 1};  // first and last steps; one number: of either
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  std::optional<Shape> input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};
// (B, T, F) to (B, T - cropping, F); at least one step must be left. Masks end here.
LayerPtr Cropping1D(const Cropping1DOptions& options = {});

struct ZeroPadding1DOptions {
  std::vector<std::int64_t> padding = {1, 1};  // in front and behind; one number: both
  std::string data_format = "channels_last";   // (B, T, F); nothing else
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  std::optional<Shape> input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};
// (B, T, F) to (B, T + padding, F): steps of zeros in front and behind. Masks end here.
LayerPtr ZeroPadding1D(const ZeroPadding1DOptions& options = {});

struct UpSampling1DOptions {
  std::int64_t size = 2;  // at least 1
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  std::optional<Shape> input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};
// (B, T, F) to (B, size * T, F): every step `size` times. Masks end here.
LayerPtr UpSampling1D(const UpSampling1DOptions& options = {});

}  // namespace chronicler::layers
