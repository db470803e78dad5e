// What an optimizer of Keras 1 and 2 has gathered, in the order of Keras 3.
#pragma once

#include <vector>

#include "base/json.h"
#include "formats/named_tensor.h"

namespace chronicler {

// The variables of an optimizer as those of Keras 3: iteration, learning rate unless there is a
// schedule, the slots in their order. `config` is what renewed_training gives. The names of
// variables show how old they are; variables without names lie in the order of Keras 2.11 and
// later. What does not fit stays as it is, for the one who takes it to refuse.
std::vector<NamedTensor> renewed_optimizer(const Json& config, std::vector<NamedTensor> variables);

}  // namespace chronicler
