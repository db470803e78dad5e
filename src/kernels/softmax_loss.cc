#include "kernels/softmax_loss.h"

#include "kernels/reference/softmax_loss.h"

namespace chronicler::kernels {

template <>
void softmax_loss<double>(std::int64_t rows, std::int64_t classes, const std::int32_t* labels,
                          double smoothing, double scale, double* scores, double* losses) {
  reference::softmax_loss(rows, classes, labels, smoothing, scale, scores, losses);
}

template <>
void log_softmax<double>(std::int64_t rows, std::int64_t classes, double* scores) {
  reference::log_softmax(rows, classes, scores);
}

}  // namespace chronicler::kernels
