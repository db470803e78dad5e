#include "kernels/lstm.h"

#include "kernels/reference/lstm.h"

namespace chronicler::kernels {

template <>
const CellKernels<double>& lstm<double>() {
  return reference::lstm<double>();
}

}  // namespace chronicler::kernels
