#include "kernels/simple_rnn.h"

#include "kernels/reference/simple_rnn.h"

namespace chronicler::kernels {

template <>
const CellKernels<double>& simple_rnn<double>() {
  return reference::simple_rnn<double>();
}

}  // namespace chronicler::kernels
