// The models of conformance/option_models.h that show options of layers.
#pragma once

#include <vector>

#include "conformance/option_models.h"

namespace chronicler::test {

// Every case of the conformance suite, each option of its own that any case sets, and every
// activation wherever one can be chosen.
std::vector<OptionModel> layer_models();

}  // namespace chronicler::test
