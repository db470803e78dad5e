// The scan kernel beside a copy of memory, and the layers on it beside LSTM and GRU: `chronicler
// bench scan`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chronicler/base/tensor.h"
#include "chronicler/kernels/scan_speed.h"
#include "chronicler/model/model.h"
#include "cli/bench/timing.h"

namespace chronicler::cli::bench {

// The kernel alone, on arrays of at least four times the last cache.
struct ScanKernel {
  std::string id;  // "scan-256-T1048576-B1"
  ScanSpeedShape shape;
};
std::vector<ScanKernel> scan_kernels();

// One recurrent layer and a Dense(1) on its last output.
struct SequenceShape {
  std::string id;  // "MinGRU-256-T16384-B1"
  std::string cell;
  std::int64_t units = 0;
  std::int64_t steps = 0;
  std::int64_t batch = 0;
  std::int64_t features = 0;

  Sequential model() const;  // compiled: mean squared error, Adam
  Tensor inputs() const;     // standard normal
  Tensor targets() const;
};
SequenceShape sequence_shape(const std::string& cell, std::int64_t units, std::int64_t steps,
                             std::int64_t batch, std::int64_t features);

// As many features as units.
const std::vector<SequenceShape>& scan_layers();

struct SequenceTimes {
  Times train;
  Times infer;
};
SequenceTimes time_sequence(const SequenceShape& shape, double seconds);

}  // namespace chronicler::cli::bench
