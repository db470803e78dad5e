// Time and memory of an LSTM over more and more steps: `chronicler bench long`.
#pragma once

#include <string>
#include <vector>

#include "cli/bench/scan.h"

namespace chronicler::cli::bench {

// LSTM-64 over 8 features, 10^3 to 10^7 steps, one row.
const std::vector<SequenceShape>& long_shapes();

struct LongFigure {
  double train_ms =
      0.0;  // a training step, median; of one that takes longer than `seconds`, it alone
  double infer_ms = 0.0;
  double peak_mb = 0.0;  // of the process while it trained and predicted
};
// memory_budget: as FitOptions has it. Sequences of a million steps and more are mapped from a file
// that is made for it, as they would be if they were data.
LongFigure time_long(const SequenceShape& shape, const std::string& memory_budget, double seconds);

}  // namespace chronicler::cli::bench
