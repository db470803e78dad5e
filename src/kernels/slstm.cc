#include "kernels/slstm.h"

#include "kernels/reference/slstm.h"

namespace chronicler::kernels {

template <>
const CellKernels<double>& slstm<double>() {
  return reference::slstm<double>();
}

}  // namespace chronicler::kernels
