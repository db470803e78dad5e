// What the layers that work along the steps of a sequence ask of their input and options.
#pragma once

#include <string>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/base/shape.h"
#include "chronicler/layers/layer.h"

namespace chronicler {

// who() names the layer in the error: called for nothing else, as it makes a string.
template <class Who>
void check_sequence(const Who& who, const Shape& x) {
  if (x.rank() == 3) return;
  throw Error(fmt::format("{} needs input (batch, steps, features), got {}", who(), x.to_string()),
              "set return_sequences=true on the layer before it");
}

// A mask that is read step by step must be of the sequence's steps.
template <class Who>
void check_step_mask(const Who& who, const TensorView& mask, const Shape& x) {
  if (!mask) return;
  if (mask.shape() == Shape{x[0], x[1]} && mask.dtype() == DType::boolean) return;
  throw Error(fmt::format("{} needs a mask ({}, {}) of truth values, got {} {}", who(), x[0], x[1],
                          name_of(mask.dtype()), mask.shape().to_string()),
              "one truth value for each step of each sequence");
}
template <class Who>
void check_step_mask(const Who& who, const Value& x) {
  check_step_mask(who, x.mask, x.data.shape());
}

}  // namespace chronicler
