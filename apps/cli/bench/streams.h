// The live models that `chronicler bench stream` times.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chronicler/model/model.h"

namespace chronicler::cli::bench {

struct StreamShape {
  std::string id;
  std::int64_t units = 0;
  bool characters =
      false;  // ids through an Embedding, two layers, softmax; else one number in, one out
};

// LSTM8 ... LSTM128 (LSTM and Dense(1) on one feature), and LSTM2x256chars.
const std::vector<StreamShape>& stream_shapes();
Sequential stream_model(const StreamShape& shape);

struct StreamTimes {
  double step_ns = 0.0;  // the median, over stretches of 32 steps
  double p99_ns = 0.0;   // of single steps, the clock's own time taken off
};
// weights: as StreamOptions has it.
StreamTimes time_stream(const StreamShape& shape, const std::string& weights, double seconds);

}  // namespace chronicler::cli::bench
