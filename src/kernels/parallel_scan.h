// A scan over the rows of a batch, on the threads of a runtime (kernels/scan.h).
#pragma once

#include <algorithm>
#include <cstdint>

#include "chronicler/base/runtime.h"
#include "kernels/scan.h"

namespace chronicler::kernels {

// a, b, hidden [B][T][U], state [B][U]. Cut by rows and units; where these are too few to keep
// vectors and threads busy, by time: each chunk of steps first says what it makes of a state, and
// then starts from what the chunks before make of it. Which, and where, depends on the sizes alone:
// the same bits for any number of threads. `scratch`: scan_scratch(run) numbers.
template <class Real>
struct BatchScan {
  std::int64_t rows = 0;
  std::int64_t steps = 0;
  std::int64_t units = 0;
  const Real* a = nullptr;
  const Real* b = nullptr;
  Real* state = nullptr;
  Real* hidden = nullptr;
  Real* scratch = nullptr;

  Scan<Real> row(std::int64_t n, std::int64_t begin, std::int64_t end) const {
    const std::int64_t at = (n * steps + begin) * units;
    constexpr std::int64_t cached = 16 << 20;  // bytes that a next layer may still find in a cache
    const bool far = rows * steps * units * static_cast<std::int64_t>(sizeof(Real)) > cached;
    return {end - begin, units, a + at, b + at, state + n * units, hidden + at, far};
  }
};

// Chunks of the steps of a row; 1: not cut by time.
template <class Real>
std::int64_t scan_chunks(const BatchScan<Real>& run) {
  constexpr std::int64_t least = 8 * scan_piece * scan_lanes;  // steps of a chunk
  constexpr std::int64_t most = 16;
  if (run.units > few_units || run.rows * run.units >= 8 * few_units) return 1;
  return std::clamp<std::int64_t>(run.steps / least, 1, most);
}
// Products and ends of all chunks, and their states.
template <class Real>
std::int64_t scan_scratch(const BatchScan<Real>& run) {
  return 3 * run.rows * scan_chunks(run) * run.units;
}

// task(row, units) for all: a range of units for each thread that would have no row.
template <class Real, class Task>
void for_rows_and_units(Runtime& runtime, const BatchScan<Real>& run, const Task& task) {
  constexpr std::int64_t line = 16;  // numbers that are not shared between threads
  const std::int64_t lines = (run.units + line - 1) / line;
  const std::int64_t wanted = (runtime.threads() + run.rows - 1) / run.rows;
  const std::int64_t ranges = std::min(lines, wanted);
  runtime.parallel(run.rows * ranges, [&](std::int64_t i) {
    const std::int64_t range = i % ranges;
    task(i / ranges, Range{lines * range / ranges * line,
                           std::min(run.units, lines * (range + 1) / ranges * line)});
  });
}

template <class Real>
void scan_forward(Runtime& runtime, const BatchScan<Real>& run) {
  const std::int64_t chunks = scan_chunks(run);
  const std::int64_t units = run.units;
  if (chunks == 1) {
    for_rows_and_units(runtime, run, [&](std::int64_t n, Range some) {
      const Scan<Real> row = run.row(n, 0, run.steps);
      if (units <= few_units && some.size() == units) return scan_forward_in_pieces(row);
      scan_forward(row, some);
    });
    return;
  }
  const auto chunk_of = [&](std::int64_t i) {
    const std::int64_t chunk = i % chunks;
    return run.row(i / chunks, run.steps * chunk / chunks, run.steps * (chunk + 1) / chunks);
  };
  const std::int64_t all = run.rows * chunks;
  Real* products = run.scratch;
  Real* ends = products + all * units;
  Real* starts = ends + all * units;
  runtime.parallel(all, [&](std::int64_t i) {
    if ((i + 1) % chunks == 0) return;  // nothing comes after it
    std::fill_n(products + i * units, units, Real{1});
    std::fill_n(ends + i * units, units, Real{0});
    scan_summary(chunk_of(i), products + i * units, ends + i * units);
  });
  for (std::int64_t i = 0; i < all; ++i) {
    for (std::int64_t u = 0; u < units; ++u) {
      const std::int64_t before = (i - 1) * units + u;
      starts[i * units + u] = i % chunks == 0 ? run.state[i / chunks * units + u]
                                              : products[before] * starts[before] + ends[before];
    }
  }
  runtime.parallel(all, [&](std::int64_t i) {
    Scan<Real> chunk = chunk_of(i);
    chunk.state = starts + i * units;
    scan_forward_in_pieces(chunk);
  });
  for (std::int64_t n = 0; n < run.rows; ++n)
    std::copy_n(starts + ((n + 1) * chunks - 1) * units, units, run.state + n * units);
}

// before [B][U], output [B][T][U], and what is written: state [B][U] (in, too), of_a and of_b
// [B][T][U].
template <class Real>
struct BatchScanGradient {
  const Real* before = nullptr;
  const Real* output = nullptr;
  Real* state = nullptr;
  Real* of_a = nullptr;
  Real* of_b = nullptr;
};

template <class Real>
void scan_backward(Runtime& runtime, const BatchScan<Real>& run,
                   const BatchScanGradient<Real>& gradient) {
  const std::int64_t chunks = scan_chunks(run);
  const std::int64_t units = run.units;
  const auto gradient_of = [&](std::int64_t n, std::int64_t begin) {
    const std::int64_t at = (n * run.steps + begin) * units;
    return ScanGradient<Real>{begin > 0 ? run.hidden + at - units : gradient.before + n * units,
                              run.hidden + at,
                              gradient.output + at,
                              gradient.state + n * units,
                              gradient.of_a + at,
                              gradient.of_b + at};
  };
  if (chunks == 1) {
    for_rows_and_units(runtime, run, [&](std::int64_t n, Range some) {
      const Scan<Real> row = run.row(n, 0, run.steps);
      if (units <= few_units && some.size() == units)
        return scan_backward_in_pieces(row, gradient_of(n, 0));
      scan_backward(row, gradient_of(n, 0), some);
    });
    return;
  }
  const auto begin_of = [&](std::int64_t i) { return run.steps * (i % chunks) / chunks; };
  const auto chunk_of = [&](std::int64_t i) {
    return run.row(i / chunks, begin_of(i), run.steps * (i % chunks + 1) / chunks);
  };
  const std::int64_t all = run.rows * chunks;
  Real* products = run.scratch;
  Real* ends = products + all * units;
  Real* starts = ends + all * units;
  runtime.parallel(all, [&](std::int64_t i) {
    if (i % chunks == 0) return;
    std::fill_n(products + i * units, units, Real{1});
    std::fill_n(ends + i * units, units, Real{0});
    scan_back_summary(chunk_of(i), gradient_of(i / chunks, begin_of(i)).output,
                      products + i * units, ends + i * units);
  });
  for (std::int64_t i = all; i-- > 0;) {
    for (std::int64_t u = 0; u < units; ++u) {
      const std::int64_t after = (i + 1) * units + u;
      starts[i * units + u] = (i + 1) % chunks == 0 ? gradient.state[i / chunks * units + u]
                                                    : products[after] * starts[after] + ends[after];
    }
  }
  runtime.parallel(all, [&](std::int64_t i) {
    ScanGradient<Real> flow = gradient_of(i / chunks, begin_of(i));
    flow.state = starts + i * units;
    scan_backward_in_pieces(chunk_of(i), flow);
  });
  for (std::int64_t n = 0; n < run.rows; ++n)
    std::copy_n(starts + n * chunks * units, units, gradient.state + n * units);
}

}  // namespace chronicler::kernels
