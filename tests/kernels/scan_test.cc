#include "kernels/scan.h"

#include <array>
#include <cmath>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/crc32c.h"
#include "kernels/scan_checks.h"

namespace chronicler::test {
namespace {

struct PlainCase {
  std::int64_t steps = 0;
  std::int64_t units = 0;
};

template <class Real>
struct PlainProblem {
  explicit PlainProblem(const PlainCase& of)
      : c(of),
        a(noise<Real>(c.steps * c.units, 1, 0.3F)),
        b(noise<Real>(c.steps * c.units, 2)),
        state(noise<Real>(c.units, 3)),
        output(noise<Real>(c.steps * c.units, 4)),
        last(noise<Real>(c.units, 5)) {
    for (Real& each : a) each += static_cast<Real>(0.7F);  // gates, of 0.4 to 1
  }
  kernels::Scan<Real> run(Memory<Real>& now, Memory<Real>& hidden, Range steps) const {
    const std::int64_t at = steps.begin * c.units;
    return {steps.size(), c.units, a.data() + at, b.data() + at, now.data(), hidden.data() + at};
  }
  kernels::ScanGradient<Real> gradient(const Memory<Real>& hidden, Memory<Real>& back,
                                       Memory<Real>& of_a, Memory<Real>& of_b, Range steps) const {
    const std::int64_t at = steps.begin * c.units;
    return {steps.begin == 0 ? state.data() : hidden.data() + at - c.units,
            hidden.data() + at,
            output.data() + at,
            back.data(),
            of_a.data() + at,
            of_b.data() + at};
  }
  // h, the last state; gradients of a, b and the first state.
  template <class Forward, class Backward>
  Results<Real> results_of(const Forward& forward, const Backward& backward) const {
    Memory<Real> now = state;
    Memory<Real> hidden = undefined<Real>(c.steps * c.units);
    forward(now, hidden);
    Memory<Real> back = last;
    Memory<Real> of_a = undefined<Real>(c.steps * c.units);
    Memory<Real> of_b = of_a;
    backward(hidden, back, of_a, of_b);
    return {hidden, now, of_a, of_b, back};
  }
  Results<Real> results(Cuts cuts = {}) const {
    return results_of(
        [&](Memory<Real>& now, Memory<Real>& hidden) {
          in_pieces(c.steps, cuts.steps, [&](Range steps) {
            in_pieces(c.units, cuts.units,
                      [&](Range units) { kernels::scan_forward(run(now, hidden, steps), units); });
          });
        },
        [&](Memory<Real>& hidden, Memory<Real>& back, Memory<Real>& of_a, Memory<Real>& of_b) {
          in_pieces_from_the_end(c.steps, cuts.steps, [&](Range steps) {
            in_pieces(c.units, cuts.units, [&](Range units) {
              kernels::scan_backward(run(back, hidden, steps),
                                     gradient(hidden, back, of_a, of_b, steps), units);
            });
          });
        });
  }
  // Side by side in one thread.
  Results<Real> results_in_pieces() const {
    const Range all{0, c.steps};
    return results_of(
        [&](Memory<Real>& now, Memory<Real>& hidden) {
          kernels::scan_forward_in_pieces(run(now, hidden, all));
        },
        [&](Memory<Real>& hidden, Memory<Real>& back, Memory<Real>& of_a, Memory<Real>& of_b) {
          kernels::scan_backward_in_pieces(run(back, hidden, all),
                                           gradient(hidden, back, of_a, of_b, all));
        });
  }
  // In chunks of so many steps, each of which could run in a thread of its own.
  Results<Real> results_in_chunks(std::int64_t chunk) const {
    return results_of(
        [&](Memory<Real>& now, Memory<Real>& hidden) {
          in_pieces(c.steps, chunk, [&](Range steps) {
            const Memory<Real> start = now;
            Memory<Real> product(now.size(), Real{1});
            Memory<Real> end(now.size(), Real{0});
            kernels::Scan<Real> piece = run(now, hidden, steps);
            kernels::scan_summary(piece, product.data(), end.data());
            kernels::scan_forward(piece, {0, c.units});
            for (std::size_t u = 0; u < now.size(); ++u) now[u] = product[u] * start[u] + end[u];
          });
        },
        [&](Memory<Real>& hidden, Memory<Real>& back, Memory<Real>& of_a, Memory<Real>& of_b) {
          in_pieces_from_the_end(c.steps, chunk, [&](Range steps) {
            const Memory<Real> after = back;
            Memory<Real> product(back.size(), Real{1});
            Memory<Real> start(back.size(), Real{0});
            kernels::Scan<Real> piece = run(back, hidden, steps);
            kernels::scan_back_summary(piece, output.data() + steps.begin * c.units, product.data(),
                                       start.data());
            kernels::scan_backward(piece, gradient(hidden, back, of_a, of_b, steps), {0, c.units});
            for (std::size_t u = 0; u < back.size(); ++u)
              back[u] = product[u] * after[u] + start[u];
          });
        });
  }
  double loss() const {
    Memory<Real> now = state;
    Memory<Real> hidden = undefined<Real>(c.steps * c.units);
    kernels::scan_forward(run(now, hidden, {0, c.steps}), {0, c.units});
    double sum = 0.0;
    for (std::size_t i = 0; i < hidden.size(); ++i)
      sum += static_cast<double>(hidden[i]) * static_cast<double>(output[i]);
    for (std::size_t u = 0; u < now.size(); ++u)
      sum += static_cast<double>(now[u]) * static_cast<double>(last[u]);
    return sum;
  }

  PlainCase c;
  Memory<Real> a, b, state, output, last;
};

TEST(Scan, GradientsByDifferences) {
  PlainProblem<double> problem({11, 5});
  const Results<double> results = problem.results();
  expect_gradient(problem, problem.a, results[2].data());
  expect_gradient(problem, problem.b, results[3].data());
  expect_gradient(problem, problem.state, results[4].data());
}

TEST(Scan, FastEqualsReadableAtEverySize) {
  for (const std::int64_t units : scan_sizes) {
    for (const std::int64_t steps : {1, 2, 3, 33, 257}) {
      SCOPED_TRACE(fmt::format("{} steps, {} units", steps, units));
      const Results<double> readable = PlainProblem<double>({steps, units}).results();
      on_every_isa([&] {
        expect_close(PlainProblem<float>({steps, units}).results(), readable, 1e-5);
      });
    }
  }
}

TEST(Scan, SameBitsHoweverStepsAndUnitsAreCut) {
  for (const std::int64_t units : {5, 32, 100}) {
    on_every_isa([&] {
      const PlainProblem<float> problem({23, units});
      const Results<float> whole = problem.results();
      for (const Cuts cuts : {Cuts{1, 0}, Cuts{5, 0}, Cuts{0, 1}, Cuts{7, 16}, Cuts{4, 33}})
        expect_same_bits(problem.results(cuts), whole);
    });
  }
}

TEST(Scan, PiecesSideBySideEqualTheSteps) {
  const std::int64_t block = kernels::scan_piece * kernels::scan_lanes;
  for (const std::int64_t units : {1, 3, 8, 15, 16}) {
    for (const std::int64_t steps : {std::int64_t{5}, block - 1, block, 2 * block + 77}) {
      SCOPED_TRACE(fmt::format("{} steps, {} units", steps, units));
      const Results<double> readable = PlainProblem<double>({steps, units}).results();
      on_every_isa([&] {
        expect_close(PlainProblem<float>({steps, units}).results_in_pieces(), readable, 1e-5);
      });
    }
  }
}

TEST(Scan, ChunksMadeOfTheirSummariesEqualTheSteps) {
  for (const std::int64_t units : {1, 17, 64}) {
    for (const std::int64_t chunk : {1, 7, 100}) {
      const PlainCase c{333, units};
      const Results<double> readable = PlainProblem<double>(c).results();
      on_every_isa(
          [&] { expect_close(PlainProblem<float>(c).results_in_chunks(chunk), readable, 1e-5); });
    }
  }
}

TEST(Scan, SameBitsOnEveryProcessor) {
  on_every_isa([&] {
    if (kernels::isa() == "baseline") return;
    std::uint32_t sum = 0;
    const auto add = [&](const Results<float>& results) {
      for (const Memory<float>& result : results) {
        const auto* bytes = reinterpret_cast<const char*>(result.data());
        sum = crc32c({bytes, result.size() * sizeof(float)}, sum);
      }
    };
    for (const std::int64_t units : {3, 16, 50}) add(PlainProblem<float>({40, units}).results());
    add(PlainProblem<float>({5000, 5}).results_in_pieces());
    EXPECT_EQ(sum, 0x7156787fU) << fmt::format("{:#x}", sum);
  });
}

}  // namespace
}  // namespace chronicler::test
