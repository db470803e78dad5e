// Cropping1D, ZeroPadding1D and UpSampling1D: the same steps, and fewer or more of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

struct Cropping1DOptions {
  std::vector<std::int64_t> cropping = {1, 1};
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = Cropping1DOptions;
    visit("cropping", &Options::cropping, number_list(1, 2, between(0, most_added_steps)),
          "steps to leave out in front and behind; one number for both");
    visit_shared_fields<Options>(visit);
  }
};
// Leaves out steps in front and behind: (B, T, F) to (B, T - cropping, F); at least one step
// must be left. Masks end here.
LayerPtr Cropping1D(const Cropping1DOptions& options = {});

struct ZeroPadding1DOptions {
  std::vector<std::int64_t> padding = {1, 1};
  std::string data_format = "channels_last";
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = ZeroPadding1DOptions;
    visit("padding", &Options::padding, number_list(1, 2, between(0, most_added_steps)),
          "steps of zeros in front and behind; one number for both");
    visit("data_format", &Options::data_format, one_of({"channels_last", "channels_first"}),
          "channels_last: (B, T, F); channels_first: (B, F, T)");
    visit_shared_fields<Options>(visit);
  }
};
// Adds steps of zeros in front and behind: (B, T, F) to (B, T + padding, F). Masks end here.
LayerPtr ZeroPadding1D(const ZeroPadding1DOptions& options = {});

struct UpSampling1DOptions {
  std::int64_t size = 2;
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = UpSampling1DOptions;
    visit("size", &Options::size, between(1, most_added_steps), "how often each step is repeated");
    visit_shared_fields<Options>(visit);
  }
};
// Repeats every step `size` times: (B, T, F) to (B, size * T, F). Masks end here.
LayerPtr UpSampling1D(const UpSampling1DOptions& options = {});

}  // namespace chronicler::layers
