// Softmax and cross-entropy over rows of scores, as one pass: what an output layer of many classes
// spends its time in.
#pragma once

#include <cstdint>

namespace chronicler::kernels {

// losses[r] = ln sum_i e^z[i] - (1 - smoothing) z[label] - smoothing * mean(z): Keras's
// cross-entropy of logits with label smoothing. Where `scale` is not 0 the scores are replaced by
// scale * dLoss/dz = scale * (softmax(z)[i] - (1 - smoothing) [i == label] - smoothing / classes).
//   scores [rows][classes]; labels [rows], each in 0 ... classes - 1; losses [rows]
// Sums are taken in sixteen parts, then in a fixed order: no bit depends on the width of a vector.
template <class Real>
void softmax_loss(std::int64_t rows, std::int64_t classes, const std::int32_t* labels,
                  Real smoothing, Real scale, Real* scores, Real* losses);

// z - ln sum_i e^z[i], row by row, in place: ln of the probabilities.
template <class Real>
void log_softmax(std::int64_t rows, std::int64_t classes, Real* scores);

}  // namespace chronicler::kernels
