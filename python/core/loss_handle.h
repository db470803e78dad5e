// A loss as Python holds it: nanobind binds no pointers to const.
#pragma once

#include "chronicler/training/loss.h"

namespace chronicler::python {

struct LossHandle {
  LossPtr loss;
};

}  // namespace chronicler::python
