// The hard_sigmoid of Keras 2 in files that Keras 3 reads.
#pragma once

#include "formats/model_spec.h"

namespace chronicler {

// Keras 3 has no clip(0.2 x + 0.5, 0, 1); its hard_sigmoid, clip(x / 6 + 0.5, 0, 1), gives the same
// where all that makes x is 1.2 times as large. Replaces the function in `spec` and scales the
// weights that lead to it; the optimizer's variables, which are about the others, go. Throws Error
// where no weights lead to it.
void replace_hard_sigmoid(const Model& model, ModelSpec& spec);

}  // namespace chronicler
