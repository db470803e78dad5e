// The loss of an output layer that is a table of pieces, turned round: only where something is
// expected, and a part at a time, so that the scores of a whole batch never lie in memory.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chronicler/base/runtime.h"
#include "chronicler/base/tensor.h"
#include "chronicler/layers/layer.h"

namespace chronicler::tasks {

class TiedLoss {
 public:
  // The mean over places of -ln p(expected), with label smoothing. vectors (..., embedding); places
  // among its rows. With a slope (as vectors, zero at first) also dLoss/dvectors, and dLoss/dtable
  // is added to the table's gradient.
  double run(const Parameter& table, const TensorView& vectors,
             std::span<const std::int64_t> places, std::span<const std::int32_t> expected,
             float smoothing, const TensorView& slope);

 private:
  float* room(std::vector<float>& scratch, std::int64_t count);

  std::vector<float> gathered_, scores_, losses_, slopes_;
  Tensor forward_, backward_;  // the table, laid out for products
};

}  // namespace chronicler::tasks
