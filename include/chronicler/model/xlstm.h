// models::xlstm: a model for forecasts of blocks with an sLSTM or an mLSTM each (Beck et al. 2024,
// arXiv 2405.04517), in the shape of TiRex (Auer et al. 2025, arXiv 2505.23719). It reads a window
// in patches and gives quantiles of what follows, all steps at once.
//
//   Functional model = models::xlstm({});                     // TiRex's size, 35 M weights
//   Functional model = models::xlstm({.context_length = 96, .horizon = 24, .patch_length = 8,
//                                     .width = 64, .blocks = 4, .feed_forward = 128});
#pragma once

#include <string>
#include <vector>

#include "chronicler/base/fields.h"
#include "chronicler/model/functional.h"

namespace chronicler::models {

struct XlstmOptions {
  std::int64_t context_length = 512;
  std::int64_t horizon = 128;
  std::int64_t patch_length = 32;
  std::int64_t features = 1;
  std::int64_t quantiles = 9;
  std::int64_t width = 512;
  std::int64_t heads = 4;
  std::int64_t blocks = 12;
  std::int64_t feed_forward = 1024;
  std::vector<std::int64_t> mlstm_at = {};
  std::string forget_activation = "sigmoid";
  double dropout = 0.0;
  std::string name = {};
  std::string dtype = "float32";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = XlstmOptions;
    visit("context_length", &Options::context_length, at_least(1),
          "steps of the window; a multiple of patch_length");
    visit("horizon", &Options::horizon, at_least(1),
          "steps that are forecast; a multiple of patch_length");
    visit("patch_length", &Options::patch_length, at_least(1),
          "steps that become one step of the blocks");
    visit("features", &Options::features, at_least(1), "numbers of each step of the window");
    visit("quantiles", &Options::quantiles, at_least(1), "numbers that are given for each step");
    visit("width", &Options::width, at_least(1), "numbers of a step between the blocks");
    visit("heads", &Options::heads, at_least(1), "parts of the width in the recurrent layers");
    visit("blocks", &Options::blocks, at_least(1),
          "of a recurrent layer and a gated feed-forward part, each beside a residual");
    visit("feed_forward", &Options::feed_forward, at_least(1),
          "numbers within the feed-forward part");
    visit("mlstm_at", &Options::mlstm_at, any_value(),
          "blocks, from 0, whose recurrent layer is an MLSTM; in the others it is an SLSTM");
    visit("forget_activation", &Options::forget_activation, one_of({"sigmoid", "exponential"}),
          "function of the forget gates");
    visit("dropout", &Options::dropout, share_below(1.0),
          "share left out in training of what a block adds");
    visit("name", &Options::name, any_value(), "name of the model");
    visit("dtype", &Options::dtype, any_value(), "type of weights and results: float32 or float64");
  }
};

// (B, context_length, features) to (B, horizon, quantiles). The window is cut into patches, each
// made a vector by a residual part (Dense, ReLU, Dense, beside a Dense); vectors of zeros stand for
// the patches to come, and from what the blocks make of these a residual part makes the output. A
// block: x + cell(RMSNormalization(x)), then x + W3 (silu(W1 n) * (W2 n)) with n of another
// RMSNormalization. The data are to be scaled: by the window's mean and deviation, in TiRex.
// Throws Error for options that do not fit one another.
Functional xlstm(const XlstmOptions& options);

}  // namespace chronicler::models
