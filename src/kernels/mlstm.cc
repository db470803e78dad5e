#include "kernels/mlstm.h"

#include "kernels/reference/mlstm.h"

namespace chronicler::kernels {

template <>
std::int64_t mlstm_scratch<double>(std::int64_t units, std::int64_t heads, std::int64_t, bool) {
  const std::int64_t head = units / heads;
  return 4 * head + head * head + head + 1;
}
template <>
void mlstm_steps(const Mlstm<double>& run, std::int64_t head) {
  reference::MlstmHead<double>{run, head}.forward();
}
template <>
void mlstm_forward(const Mlstm<double>& run, std::int64_t head) {
  reference::MlstmHead<double>{run, head}.forward();
}
template <>
void mlstm_backward(const Mlstm<double>& run, const MlstmGradient<double>& gradient,
                    std::int64_t head) {
  reference::MlstmHead<double>{run, head}.backward(gradient);
}

}  // namespace chronicler::kernels
