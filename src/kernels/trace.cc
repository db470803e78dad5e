#include "kernels/trace.h"

#include "kernels/reference/trace.h"

namespace chronicler::kernels {

template <>
void advance_trace<double>(const Trace<double>& trace) {
  reference::advance_trace(trace);
}

}  // namespace chronicler::kernels
