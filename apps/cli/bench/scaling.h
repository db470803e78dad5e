// How the time of a training step grows, and what options cost: `chronicler bench scaling` and
// `chronicler bench options`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace chronicler::cli::bench {

// One LSTM and a Dense(10) on it; a training step in milliseconds.
struct ScalingFigure {
  std::string axis;  // "steps", "units" or "batch": what grows
  std::int64_t units = 0;
  std::int64_t batch = 0;
  std::int64_t steps = 0;
  std::int64_t features = 0;
  double operations = 0.0;      // of the LSTM, forward and backward
  std::vector<double> seconds;  // with each number of threads asked for
};

// 100 to 100,000 steps, 16 to 2,048 units, 1 to 512 rows; of one axis, or of all ("").
// The shapes, without times. Throws Error for an axis that is not there.
std::vector<ScalingFigure> scaling_shapes(const std::string& axis);
// Measures with each number of threads; leaves the last one set.
void time_scaling(ScalingFigure& figure, const std::vector<int>& threads, double seconds);

// What an option adds to a training step of two LSTMs (the same data otherwise).
struct OptionCost {
  std::string name;
  double seconds = 0.0;
  double over_plain = 0.0;  // 1: costs nothing
  double work = 1.0;        // the share of the steps that are not masked
};

// Plain first; then dropout, recurrent dropout, both, masks, and an input that decays into
// denormals. All of them in turn, over and over, for `seconds` each.
std::vector<OptionCost> time_options(double seconds);

// The first training steps of a new model, in seconds.
std::vector<double> time_first_steps(int count);

}  // namespace chronicler::cli::bench
