#include "kernels/readable_activation.h"

#include "kernels/reference/activation.h"

namespace chronicler::kernels {

void readable_activate(Activation activation, std::int64_t rows, std::int64_t length,
                       const float* x, float* y) {
  reference::activate(activation, rows, length, x, y);
}

void readable_activate_backward(Activation activation, std::int64_t rows, std::int64_t length,
                                const float* x, const float* y, const float* dy, float* dx) {
  reference::activate_backward(activation, rows, length, x, y, dy, dx);
}

}  // namespace chronicler::kernels
