#include "kernels/gru.h"

#include "kernels/reference/gru.h"

namespace chronicler::kernels {

template <>
const CellKernels<double>& gru<double>() {
  return reference::gru<double>();
}

}  // namespace chronicler::kernels
