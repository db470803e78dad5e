// How the work of a scan is cut: whole rows for each thread, or blocks of steps, whose products are
// shared by steps and whose scan by units.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "chronicler/layers/layer.h"
#include "kernels/recurrence.h"

namespace chronicler {

// How it is cut changes no bit: every product is one chain, and so is every state.
struct ScanPlan {
  std::int64_t rows = 0;
  std::int64_t steps = 0;
  std::int64_t units = 0;
  std::int64_t first_row = 0;  // of the tensors
  std::int64_t first_step = 0;
  std::int64_t slices = 1;  // of rows, each for a thread; 0: the threads work on a row together
  std::int64_t block = 1;   // steps that are looked at together

  // Buffers for a block that are in use at once.
  std::int64_t buffers() const { return slices > 0 ? slices : rows; }
};

// columns: numbers that a step of a row is made of; multiplications: of all products together.
inline ScanPlan plan_scan(const Pass& pass, std::int64_t rows, std::int64_t steps,
                          std::int64_t units, std::int64_t columns, double multiplications) {
  constexpr double worth_a_thread = 400e3;        // multiplications
  constexpr std::int64_t at_home = 96'000;        // numbers of a block, in a core's own cache
  constexpr std::int64_t tiles = 48;              // steps that products are whole tiles of
  constexpr std::int64_t rows_that_are_even = 8;  // for a thread, on average
  ScanPlan plan{rows, steps, units};
  const std::int64_t threads = multiplications < worth_a_thread ? 1 : pass.runtime.threads();
  const bool by_rows = threads == 1 || rows % threads == 0 || rows >= rows_that_are_even * threads;
  plan.slices = by_rows ? std::min(threads, rows) : 0;
  std::int64_t numbers = at_home;
  if (!by_rows) numbers = std::max(at_home, 4 * threads * at_home / rows);
  plan.block = std::min(steps, std::max(tiles, numbers / columns / tiles * tiles));
  return plan;
}

// Some steps of one row. `buffer`: which of the plan's buffers is its own, from step `block` on.
struct ScanPlace {
  std::int64_t row = 0;
  kernels::Range steps;
  std::int64_t buffer = 0;
  std::int64_t block = 0;

  std::int64_t in_block() const { return steps.begin - block; }
};

struct NoProducts {
  void operator()(const ScanPlace& /*place*/) const {}
};

// For every block of steps of every row, in their order or from the end: before(place), which may
// be called for pieces of the block and on several threads; then scan(place, units), for ranges of
// units; then after(place), like before.
template <class Before, class Scan, class After>
void run_scan(Pass& pass, const ScanPlan& plan, bool from_the_end, const Before& before,
              const Scan& scan, const After& after) {
  const auto for_blocks = [&](const auto& function) {
    const std::int64_t blocks = (plan.steps + plan.block - 1) / plan.block;
    for (std::int64_t i = 0; i < blocks; ++i) {
      const std::int64_t begin = (from_the_end ? blocks - 1 - i : i) * plan.block;
      function(kernels::Range{plan.first_step + begin,
                              plan.first_step + std::min(plan.steps, begin + plan.block)});
    }
  };
  if (plan.slices > 0) {
    pass.runtime.parallel(plan.slices, [&](std::int64_t slice) {
      const std::int64_t end = plan.rows * (slice + 1) / plan.slices;
      for (std::int64_t row = plan.rows * slice / plan.slices; row < end; ++row) {
        for_blocks([&](kernels::Range steps) {
          const ScanPlace place{plan.first_row + row, steps, slice, steps.begin};
          before(place);
          scan(place, kernels::Range{0, plan.units});
          after(place);
        });
      }
    });
    return;
  }
  constexpr std::int64_t piece = 96;  // steps of a product
  const std::int64_t group = plan.rows * plan.units < 64 * pass.runtime.threads() ? 32 : 64;
  const std::int64_t groups = (plan.units + group - 1) / group;
  for_blocks([&](kernels::Range steps) {
    const std::int64_t pieces = (steps.size() + piece - 1) / piece;
    const auto products = [&](const auto& function) {
      pass.runtime.parallel(plan.rows * pieces, [&](std::int64_t task) {
        const std::int64_t row = task / pieces;
        const std::int64_t begin = steps.begin + task % pieces * piece;
        function(ScanPlace{
            plan.first_row + row, {begin, std::min(steps.end, begin + piece)}, row, steps.begin});
      });
    };
    products(before);
    pass.runtime.parallel(plan.rows * groups, [&](std::int64_t task) {
      const std::int64_t row = task / groups;
      const std::int64_t begin = task % groups * group;
      scan(ScanPlace{plan.first_row + row, steps, row, steps.begin},
           kernels::Range{begin, std::min(plan.units, begin + group)});
    });
    if constexpr (!std::is_same_v<After, NoProducts>) products(after);
  });
}

}  // namespace chronicler
