// Noise while training: SpatialDropout1D, GaussianNoise and GaussianDropout.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

struct SpatialDropout1DOptions {
  double rate = 0.0;
  std::optional<std::int64_t> seed = {};
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = SpatialDropout1DOptions;
    visit("rate", &Options::rate, share_below(1.0),
          "share of the features left out in training, each at all of its steps");
    visit_seed_field<Options>(visit);
    visit_shared_fields<Options>(visit);
  }
};
// While training, drops whole features of a sequence, at all of its steps: Tompson et al. 2015.
// (B, T, F) to the same.
LayerPtr SpatialDropout1D(const SpatialDropout1DOptions& options);

struct GaussianNoiseOptions {
  double stddev = 0.0;
  std::optional<std::int64_t> seed = {};
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = GaussianNoiseOptions;
    visit("stddev", &Options::stddev, at_least(0.0),
          "standard deviation of what is added in training");
    visit_seed_field<Options>(visit);
    visit_shared_fields<Options>(visit);
  }
};
// While training, adds normal noise of that standard deviation.
LayerPtr GaussianNoise(const GaussianNoiseOptions& options);

struct GaussianDropoutOptions {
  double rate = 0.0;
  std::optional<std::int64_t> seed = {};
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = GaussianDropoutOptions;
    visit("rate", &Options::rate, share_below(1.0),
          "the factors vary as those of Dropout: by rate / (1 - rate)");
    visit_seed_field<Options>(visit);
    visit_shared_fields<Options>(visit);
  }
};
// While training, multiplies by normal noise around 1 of the variance that Dropout's factors
// have, rate / (1 - rate): Srivastava et al. 2014.
LayerPtr GaussianDropout(const GaussianDropoutOptions& options);

}  // namespace chronicler::layers
