// Weights of classes, turned into weights of samples.
#pragma once

#include <cstdint>
#include <map>

#include "chronicler/base/tensor.h"

namespace chronicler {

// float32 weights: (N) for targets (N), (N, 1) or one-hot (N, C), and (N, T) for targets (N, T),
// (N, T, 1) or one-hot (N, T, C). Throws Error for a class without weight and for targets that are
// not classes.
// Whether (N, C) is one-hot or a label for each of C steps follows from `y_pred`, the shape of the
// predictions. If that is not known (empty), it is one-hot if each row has exactly one 1, else 0.
Tensor sample_weights_from_class(const Tensor& y, const std::map<std::int64_t, double>& weights,
                                 const Shape& y_pred = {});

}  // namespace chronicler
