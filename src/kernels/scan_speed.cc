#include "chronicler/kernels/scan_speed.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>

#include <fmt/format.h>

#include "chronicler/base/arena.h"
#include "chronicler/base/runtime.h"
#include "kernels/parallel_scan.h"

namespace chronicler {
namespace {

using Clock = std::chrono::steady_clock;

// The least of the seconds that a round takes, over at least three.
template <class Round>
double best_round(double seconds, const Round& round) {
  round();
  double best = 1e300;
  const Clock::time_point start = Clock::now();
  for (int rounds = 0;; ++rounds) {
    const Clock::time_point begin = Clock::now();
    if (rounds >= 3 && std::chrono::duration<double>(begin - start).count() > seconds) return best;
    round();
    best = std::min(best, std::chrono::duration<double>(Clock::now() - begin).count());
  }
}

// Gates of about 0.9, and inputs, without a generator that takes longer than what is measured.
void fill(float* numbers, std::int64_t count, float least, float span) {
  std::uint32_t state = 1;
  for (std::int64_t i = 0; i < count; ++i) {
    state = state * 1664525U + 1013904223U;
    numbers[i] = least + span * static_cast<float>(state >> 8) * 0x1p-24F;
  }
}

}  // namespace

// What the system says of the caches of the first processor ("32768K"): sysconf tells a guest of
// the caches of the whole host.
std::int64_t last_cache_bytes() {
  constexpr std::int64_t usual = 32 << 20;
  for (int index = 4; index >= 0; --index) {
    std::ifstream file(fmt::format("/sys/devices/system/cpu/cpu0/cache/index{}/size", index));
    std::int64_t size = 0;
    char unit = 0;
    if (!(file >> size >> unit) || size <= 0) continue;
    if (unit == 'K') return size << 10;
    if (unit == 'M') return size << 20;
  }
  return usual;
}

double copy_bandwidth(int threads, std::int64_t bytes, double seconds) {
  Runtime runtime(threads);
  Arena arena;
  const std::int64_t count = bytes / 4;
  auto* from = arena.array<float>(count);
  auto* to = arena.array<float>(count);
  fill(from, count, 0.0F, 1.0F);
  const double best = best_round(seconds, [&] {
    runtime.parallel(threads, [&](std::int64_t i) {
      const std::int64_t begin = count * i / threads;
      const std::int64_t end = count * (i + 1) / threads;
      std::memcpy(to + begin, from + begin, static_cast<std::size_t>(end - begin) * sizeof(float));
    });
  });
  return 2.0 * static_cast<double>(count * 4) / best * 1e-9;
}

ScanSpeed scan_speed(int threads, const ScanSpeedShape& shape, double seconds) {
  Runtime runtime(threads);
  Arena arena;
  const std::int64_t count = shape.rows * shape.steps * shape.units;
  const std::int64_t states = shape.rows * shape.units;
  auto* a = arena.array<float>(count);
  auto* b = arena.array<float>(count);
  auto* hidden = arena.array<float>(count);
  auto* of_a = arena.array<float>(count);
  auto* of_b = arena.array<float>(count);
  auto* state = arena.array<float>(states);
  auto* before = arena.array<float>(states);
  fill(a, count, 0.8F, 0.19F);
  fill(b, count, -1.0F, 2.0F);
  std::fill_n(before, states, 0.0F);
  kernels::BatchScan<float> run{shape.rows, shape.steps, shape.units, a, b, state, hidden};
  run.scratch = arena.array<float>(kernels::scan_scratch(run));
  const double forward = best_round(seconds / 2, [&] {
    std::fill_n(state, states, 0.0F);
    kernels::scan_forward(runtime, run);
  });
  const double backward = best_round(seconds / 2, [&] {
    std::fill_n(state, states, 0.0F);
    kernels::scan_backward(runtime, run, {before, b, state, of_a, of_b});
  });
  const double bytes = static_cast<double>(shape.bytes()) * 1e-9;
  return {3.0 * bytes / forward, 5.0 * bytes / backward};
}

}  // namespace chronicler
