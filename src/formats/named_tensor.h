// What every format of weights comes down to: tensors with names.
#pragma once

#include <string>
#include <vector>

#include "chronicler/base/tensor.h"

namespace chronicler {

struct NamedTensor {
  std::string name;  // "layers/lstm/cell/vars/0"
  Tensor value;
  bool whole = false;  // a float64 tensor of whole numbers that files hold as int64
};
using NamedTensors = std::vector<NamedTensor>;

}  // namespace chronicler
