// Which way of sharing a recurrent run between threads is quicker: rows or units.
#pragma once

#include <cstdint>

namespace chronicler {

// A thread takes some rows of the batch through all steps by itself, or some units of all rows and
// meets the others at every step. Both give the same bits; which is quicker depends on the caches
// of the machine, and is found once for each shape, by trying both.
enum class Cut : std::uint8_t { rows, units };

struct RunShape {
  const void* kernels = nullptr;  // the cell and its type
  std::int64_t rows = 0;
  std::int64_t features = 0;
  std::int64_t units = 0;
  int threads = 0;
  bool backward = false;

  auto operator<=>(const RunShape&) const = default;
};

// The cut to take now: one of the two in turn until both were timed often enough, then the quicker.
Cut cut_to_take(const RunShape& shape);
// What it took; heard only while the choice is open.
void cut_took(const RunShape& shape, Cut cut, double seconds_a_step);
// Takes this cut for every shape from now on, or chooses again; for tests.
void force_cut(Cut cut);
void choose_cuts();

}  // namespace chronicler
