// Pooling over the steps of a sequence.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

struct Pooling1DOptions {
  std::vector<std::int64_t> pool_size = {2};
  std::vector<std::int64_t> strides = {};
  std::string padding = "valid";
  std::string data_format = "channels_last";
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = Pooling1DOptions;
    visit("pool_size", &Options::pool_size, one_number(at_least(1)), "steps of the window");
    visit("strides", &Options::strides, one_number(at_least(1)),
          "steps from one window to the next",
          {.default_text = "pool_size", .file_rank = 1, .follows = "pool_size"});
    visit("padding", &Options::padding, one_of({"valid", "same"}),
          "valid: whole windows only; same: none of the steps is lost");
    visit("data_format", &Options::data_format, one_of({"channels_last", "channels_first"}),
          "channels_last: (B, T, F); channels_first: (B, F, T)", {.file_rank = 1});
    visit_shared_fields<Options>(visit);
  }
};
// The largest number of each window, for each feature: (B, T, F) to (B, T', F). Padding does not
// count.
LayerPtr MaxPooling1D(const Pooling1DOptions& options = {});
// The mean of each window, for each feature: (B, T, F) to (B, T', F). Padding does not count.
LayerPtr AveragePooling1D(const Pooling1DOptions& options = {});

struct AdaptivePooling1DOptions {
  std::vector<std::int64_t> output_size = {};
  std::string data_format = "channels_last";
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = AdaptivePooling1DOptions;
    visit("output_size", &Options::output_size,
          one_number(between(1, static_cast<double>(most_steps))), "windows that cover all steps",
          {.is_required = true});
    visit("data_format", &Options::data_format, one_of({"channels_last", "channels_first"}),
          "channels_last: (B, T, F); channels_first: (B, F, T)");
    visit_shared_fields<Options>(visit);
  }
};
// The largest number of each of output_size windows, for each feature: (B, T, F) to (B,
// output_size, F). Window i is of the steps from i T / output_size, rounded down, to (i + 1) T /
// output_size, rounded up. Masks end here.
LayerPtr AdaptiveMaxPooling1D(const AdaptivePooling1DOptions& options);
// The mean of each of output_size windows, which are those of AdaptiveMaxPooling1D: (B, T, F) to
// (B, output_size, F). Masks end here.
LayerPtr AdaptiveAveragePooling1D(const AdaptivePooling1DOptions& options);

struct GlobalPooling1DOptions {
  std::string data_format = "channels_last";
  bool keepdims = false;
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = GlobalPooling1DOptions;
    visit("data_format", &Options::data_format, one_of({"channels_last", "channels_first"}),
          "channels_last: (B, T, F); channels_first: (B, F, T)");
    visit("keepdims", &Options::keepdims, any_value(), "(B, 1, F) instead of (B, F)");
    visit_shared_fields<Options>(visit);
  }
};
// The largest number of all steps, for each feature: (B, T, F) to (B, F).
LayerPtr GlobalMaxPooling1D(const GlobalPooling1DOptions& options = {});
// The mean of all steps, for each feature: (B, T, F) to (B, F). Masked steps do not count; it is
// 0 for a row without any that does.
LayerPtr GlobalAveragePooling1D(const GlobalPooling1DOptions& options = {});

}  // namespace chronicler::layers
