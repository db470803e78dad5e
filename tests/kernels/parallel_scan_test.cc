#include "kernels/parallel_scan.h"

#include <cmath>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kernels/scan_checks.h"

namespace chronicler::test {
namespace {

struct Sizes {
  std::int64_t rows, steps, units;
};

// h, the last states; the gradients of a, b and the first states.
template <class Real>
Results<Real> results_of(const Sizes& sizes, int threads) {
  Runtime runtime(threads);
  const std::int64_t count = sizes.rows * sizes.steps * sizes.units;
  const std::int64_t states = sizes.rows * sizes.units;
  Memory<Real> a = noise<Real>(count, 1, 0.3F);
  for (Real& each : a) each += static_cast<Real>(0.7F);
  const Memory<Real> b = noise<Real>(count, 2);
  const Memory<Real> before = noise<Real>(states, 3);
  const Memory<Real> output = noise<Real>(count, 4);
  Memory<Real> state = before;
  Memory<Real> flow = noise<Real>(states, 5);
  Memory<Real> hidden = undefined<Real>(count);
  Memory<Real> of_a = undefined<Real>(count);
  Memory<Real> of_b = undefined<Real>(count);
  kernels::BatchScan<Real> run{sizes.rows, sizes.steps,  sizes.units,  a.data(),
                               b.data(),   state.data(), hidden.data()};
  Memory<Real> scratch = undefined<Real>(kernels::scan_scratch(run));
  run.scratch = scratch.data();
  kernels::scan_forward(runtime, run);
  kernels::scan_backward(runtime, run,
                         {before.data(), output.data(), flow.data(), of_a.data(), of_b.data()});
  return {hidden, state, of_a, of_b, flow};
}

// Cut by rows, by units, by time, and not at all.
constexpr std::array<Sizes, 6> cases{
    {{3, 50, 40}, {1, 33, 200}, {1, 140'000, 8}, {2, 70'000, 3}, {40, 5000, 2}, {1, 100'000, 1}}};

TEST(ParallelScan, EqualsTheStepsHoweverItIsCut) {
  for (const Sizes& sizes : cases) {
    SCOPED_TRACE(fmt::format("{} x {} x {}", sizes.rows, sizes.steps, sizes.units));
    // The readable twin goes step by step, whatever the sizes.
    expect_close(results_of<float>(sizes, 2), results_of<double>(sizes, 1), 1e-5);
  }
}

TEST(ParallelScan, SameBitsForAnyNumberOfThreads) {
  for (const Sizes& sizes : cases) {
    SCOPED_TRACE(fmt::format("{} x {} x {}", sizes.rows, sizes.steps, sizes.units));
    const Results<float> alone = results_of<float>(sizes, 1);
    for (const int threads : {2, 3, 5}) expect_same_bits(results_of<float>(sizes, threads), alone);
  }
}

TEST(ParallelScan, OnlyFewUnitsAreCutByTime) {
  const auto chunks = [](const Sizes& sizes) {
    return kernels::scan_chunks(kernels::BatchScan<float>{sizes.rows, sizes.steps, sizes.units});
  };
  EXPECT_EQ(chunks({1, 1'000'000, 64}), 1);
  EXPECT_EQ(chunks({1, 1'000'000, 8}), 16);
  EXPECT_EQ(chunks({64, 1'000'000, 8}), 1);
  EXPECT_EQ(chunks({1, 1000, 8}), 1);
}

}  // namespace
}  // namespace chronicler::test
