#include "layers/convolution/padding.h"

#include <algorithm>

namespace chronicler {

Windows Windows::over(std::int64_t steps, std::int64_t size, std::int64_t stride,
                      std::string_view padding) {
  Windows windows{.size = size, .stride = stride};
  if (padding == "causal") windows.left = size - 1;
  if (steps == None) {
    windows.count = None;
    return windows;
  }
  if (padding == "same") {
    const std::int64_t count = (steps + stride - 1) / stride;
    const std::int64_t total = std::max<std::int64_t>((count - 1) * stride + size - steps, 0);
    windows.left = total / 2;
    windows.right = total - windows.left;
  }
  const std::int64_t room = steps + windows.left + windows.right - size;
  windows.count = room < 0 ? 0 : room / stride + 1;
  return windows;
}

}  // namespace chronicler
