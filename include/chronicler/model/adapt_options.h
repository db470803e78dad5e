// How a model keeps learning while it predicts.
#pragma once

#include <cstdint>
#include <string_view>

#include "chronicler/base/fields.h"

namespace chronicler {

// Dynamic evaluation (Krause et al. 2018, arXiv 1709.07432): after every few steps whose targets
// have come, a copy of the weights moves by the gradient through these steps, scaled by the size
// that the gradients of each weight have, and is drawn back to where training left it. That size is
// the root of the second moment that the optimizer of the model's file has kept (Adam, RMSprop and
// their kin); without one it is gathered on the way.
struct AdaptOptions {
  static constexpr std::string_view class_name = "adapt";
  double learning_rate = 0.001;
  double decay = 0.003;
  std::int64_t steps = 20;

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = AdaptOptions;
    visit("learning_rate", &Options::learning_rate, above(0.0),
          "size of a step of the weights while they adapt");
    visit("decay", &Options::decay, between(0.0, 1.0),
          "share by which a step draws a weight back to where training left it");
    visit("steps", &Options::steps, between(1, 100'000),
          "steps that are learnt from at a time: how far the gradient goes back");
  }
};

}  // namespace chronicler
