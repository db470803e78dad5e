// How fast this machine moves memory, and how near to that the scan kernel comes: for benchmarks.
#pragma once

#include <cstdint>

namespace chronicler {

// Bytes of the last cache that the processor says it has; 32 MB where it does not say.
std::int64_t last_cache_bytes();

// Bytes a second, in units of 10^9, that a copy reads and writes, between arrays of `bytes` each
// and on `threads` threads: the C library's memcpy. The best of the rounds that fit into `seconds`.
double copy_bandwidth(int threads, std::int64_t bytes, double seconds);

// A scan h_t = a_t h_(t-1) + b_t over (rows, steps, units) float32 numbers.
struct ScanSpeedShape {
  std::int64_t rows = 1;
  std::int64_t steps = 0;
  std::int64_t units = 0;

  std::int64_t bytes() const { return rows * steps * units * 4; }  // of each array
};
// Bytes a second, in units of 10^9, that the arrays have: forward reads a and b and writes h;
// backward reads a, h and dLoss/dh and writes the gradients of a and b. Best of the rounds.
struct ScanSpeed {
  double forward = 0.0;
  double backward = 0.0;
};
ScanSpeed scan_speed(int threads, const ScanSpeedShape& shape, double seconds);

}  // namespace chronicler
