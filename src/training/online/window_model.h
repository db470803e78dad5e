// A model as it learns from a few steps of a stream together.
#pragma once

#include "training/online/rewired_model.h"

namespace chronicler {

// Gives an output for each step, also where the model gives only the last.
class WindowModel final : public RewiredModel {
 public:
  explicit WindowModel(const Model& model);
  // Throws Error unless an input of this shape, (1, steps, ...), gives outputs (1, steps, width).
  void check_outputs(const Shape& input, std::int64_t width) const;
};

}  // namespace chronicler
