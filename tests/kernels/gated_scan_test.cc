#include "kernels/gated_scan.h"

#include <array>
#include <cmath>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/crc32c.h"
#include "kernels/scan_checks.h"

namespace chronicler::test {
namespace {

using kernels::GatedCell;
using kernels::StepUse;

constexpr std::array<GatedCell, 4> cells{GatedCell::min_gru, GatedCell::min_lstm, GatedCell::rg_lru,
                                         GatedCell::negative_rg_lru};

std::vector<StepUse> made_up_uses(std::int64_t steps, bool masked) {
  std::vector<StepUse> uses;
  for (std::int64_t t = 0; masked && t < steps; ++t) {
    uses.push_back(t % 3 == 1 ? StepUse::repeats : t % 5 == 0 ? StepUse::idle : StepUse::counts);
  }
  return uses;
}

// ---- Gated cells

struct GatedCase {
  GatedCell cell = GatedCell::min_gru;
  std::int64_t steps = 0;
  std::int64_t units = 0;
  bool masked = false;
  float scale = 2.0F;
};

template <class Real>
struct GatedProblem {
  explicit GatedProblem(const GatedCase& of)
      : c(of),
        columns(kernels::gates_of(c.cell) * c.units),
        gates(noise<Real>(c.steps * columns, 1, c.scale)),
        state(noise<Real>(c.units, 2)),
        output(noise<Real>(c.steps * c.units, 3)),
        last(noise<Real>(c.units, 4)),
        uses(made_up_uses(c.steps, c.masked)) {
    for (std::int64_t u = 0; u < c.units; ++u)
      decay.push_back(static_cast<Real>(-0.6F + 0.5F * noise_at(5, u)));
  }

  kernels::GatedScan<Real> run(Memory<Real>& of_gates, Memory<Real>& of_state, Memory<Real>& hidden,
                               Range steps) const {
    return {c.cell,
            steps.size(),
            c.units,
            of_gates.data() + steps.begin * columns,
            kernels::has_decay(c.cell) ? decay.data() : nullptr,
            uses.empty() ? nullptr : uses.data() + steps.begin,
            of_state.data(),
            hidden.data() + steps.begin * c.units};
  }

  // h, the last state; gradients of p, the first state, biases and decay; the trace. In place:
  // backward works on the gates that forward was given; else on those that it kept.
  Results<Real> results(Cuts cuts = {}, bool in_place = false) const {
    Memory<Real> given = gates;
    Memory<Real> kept = undefined<Real>(c.steps * columns);
    Memory<Real> flow = kept;
    Memory<Real> now = state;
    Memory<Real> hidden = undefined<Real>(c.steps * c.units);
    in_pieces(c.steps, cuts.steps, [&](Range steps) {
      in_pieces(c.units, cuts.units, [&](Range units) {
        kernels::GatedScan<Real> piece = run(given, now, hidden, steps);
        piece.past_caches = !in_place;
        if (!in_place) piece.kept = kept.data() + steps.begin * columns;
        kernels::gated_forward(piece, units);
      });
    });
    Memory<Real> back = last;
    Memory<Real> bias(static_cast<std::size_t>(columns), Real{0.25});
    Memory<Real> of_decay(static_cast<std::size_t>(c.units), Real{0.25});
    Memory<Real> trace = undefined<Real>(c.steps * (c.units + 2));
    if (in_place) flow = given;
    in_pieces_from_the_end(c.steps, cuts.steps, [&](Range steps) {
      in_pieces(c.units, cuts.units, [&](Range units) {
        const Real* before =
            steps.begin == 0 ? state.data() : hidden.data() + (steps.begin - 1) * c.units;
        kernels::gated_backward<Real>(
            run(in_place ? flow : kept, now, hidden, steps),
            {before, output.data() + steps.begin * c.units, back.data(),
             flow.data() + steps.begin * columns, bias.data(), of_decay.data(),
             trace.data() + steps.begin * (c.units + 2), c.units + 2},
            units);
      });
    });
    return {hidden, now, flow, back, bias, of_decay, trace};
  }

  double loss() const {
    Memory<Real> flow = gates;
    Memory<Real> now = state;
    Memory<Real> hidden = undefined<Real>(c.steps * c.units);
    kernels::gated_forward(run(flow, now, hidden, {0, c.steps}), {0, c.units});
    double sum = 0.0;
    for (std::int64_t i = 0; i < c.steps * c.units; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const bool idle =
          !uses.empty() && uses[at / static_cast<std::size_t>(c.units)] == StepUse::idle;
      if (!idle) sum += static_cast<double>(hidden[at]) * static_cast<double>(output[at]);
    }
    for (std::size_t u = 0; u < now.size(); ++u)
      sum += static_cast<double>(now[u]) * static_cast<double>(last[u]);
    return sum;
  }

  GatedCase c;
  std::int64_t columns;
  Memory<Real> gates, state, output, last, decay;
  std::vector<StepUse> uses;
};

// ---- Complex numbers

struct ComplexCase {
  std::int64_t steps = 0;
  std::int64_t units = 0;
  bool masked = false;
};

template <class Real>
struct ComplexProblem {
  explicit ComplexProblem(const ComplexCase& of)
      : c(of),
        inputs(noise<Real>(2 * c.steps * c.units, 1)),
        state(noise<Real>(2 * c.units, 2)),
        output(noise<Real>(2 * c.steps * c.units, 3)),
        last(noise<Real>(2 * c.units, 4)),
        lambda(noise<Real>(2 * c.units, 5, 0.7F)),
        gamma(noise<Real>(c.units, 6)),
        uses(made_up_uses(c.steps, c.masked)) {}

  kernels::ComplexScan<Real> run(Memory<Real>& of_inputs, Memory<Real>& of_state,
                                 Memory<Real>& hidden, Range steps) const {
    return {steps.size(),
            c.units,
            of_inputs.data() + steps.begin * 2 * c.units,
            lambda.data(),
            gamma.data(),
            uses.empty() ? nullptr : uses.data() + steps.begin,
            of_state.data(),
            of_state.data() + c.units,
            hidden.data() + steps.begin * 2 * c.units};
  }

  Results<Real> results(Cuts cuts = {}) const {
    Memory<Real> flow = inputs;
    Memory<Real> now = state;
    Memory<Real> hidden = undefined<Real>(2 * c.steps * c.units);
    in_pieces(c.steps, cuts.steps, [&](Range steps) {
      in_pieces(c.units, cuts.units, [&](Range units) {
        kernels::complex_forward(run(flow, now, hidden, steps), units);
      });
    });
    Memory<Real> back = last;
    Memory<Real> of_lambda(static_cast<std::size_t>(2 * c.units), Real{0.25});
    Memory<Real> of_gamma(static_cast<std::size_t>(c.units), Real{0.25});
    Memory<Real> trace = undefined<Real>(c.steps * c.units);
    in_pieces_from_the_end(c.steps, cuts.steps, [&](Range steps) {
      in_pieces(c.units, cuts.units, [&](Range units) {
        const Real* before =
            steps.begin == 0 ? state.data() : hidden.data() + (steps.begin - 1) * 2 * c.units;
        kernels::complex_backward<Real>(
            run(flow, now, hidden, steps),
            {before, before + c.units, output.data() + steps.begin * 2 * c.units, back.data(),
             back.data() + c.units, of_lambda.data(), of_gamma.data(),
             trace.data() + steps.begin * c.units, c.units},
            units);
      });
    });
    return {hidden, now, flow, back, of_lambda, of_gamma, trace};
  }

  double loss() const {
    Memory<Real> flow = inputs;
    Memory<Real> now = state;
    Memory<Real> hidden = undefined<Real>(2 * c.steps * c.units);
    kernels::complex_forward(run(flow, now, hidden, {0, c.steps}), {0, c.units});
    double sum = 0.0;
    for (std::size_t i = 0; i < hidden.size(); ++i)
      sum += static_cast<double>(hidden[i]) * static_cast<double>(output[i]);
    for (std::size_t u = 0; u < now.size(); ++u)
      sum += static_cast<double>(now[u]) * static_cast<double>(last[u]);
    return sum;
  }

  ComplexCase c;
  Memory<Real> inputs, state, output, last, lambda, gamma;
  std::vector<StepUse> uses;
};

std::string describe(const GatedCase& c) {
  return fmt::format("cell {}, {} steps, {} units{}", static_cast<int>(c.cell), c.steps, c.units,
                     c.masked ? ", masked" : "");
}

// ---- Tests

TEST(GatedScan, GradientsByDifferences) {
  for (const GatedCell cell : cells) {
    for (const bool masked : {false, true}) {
      const GatedCase c{cell, 7, 3, masked};
      SCOPED_TRACE(describe(c));
      GatedProblem<double> problem(c);
      const Results<double> results = problem.results();
      expect_gradient(problem, problem.gates, results[2].data());
      expect_gradient(problem, problem.state, results[3].data());
      if (!kernels::has_decay(cell)) continue;
      Memory<double> of_decay = results[5];
      for (std::size_t u = 0; u < of_decay.size(); ++u)
        of_decay[u] = (of_decay[u] - 0.25) / problem.decay[u];
      expect_gradient(problem, problem.decay, of_decay.data());
    }
  }
}

TEST(GatedScan, BiasesAndTraceAreSumsAndStates) {
  for (const GatedCell cell : cells) {
    const GatedCase c{cell, 9, 5, true};
    SCOPED_TRACE(describe(c));
    const GatedProblem<double> problem(c);
    const Results<double> results = problem.results();
    for (std::int64_t column = 0; column < problem.columns; ++column) {
      double sum = 0.25;
      for (std::int64_t t = c.steps; t-- > 0;)
        sum += results[2][static_cast<std::size_t>(t * problem.columns + column)];
      EXPECT_EQ(results[4][static_cast<std::size_t>(column)], sum);
    }
    // After the last step nothing but the outputs look at the state.
    for (std::int64_t u = 0; u < c.units; ++u) {
      const auto at = static_cast<std::size_t>((c.steps - 1) * c.units + u);
      const bool idle = problem.uses.back() == StepUse::idle;
      EXPECT_EQ(results[6][static_cast<std::size_t>((c.steps - 1) * (c.units + 2) + u)],
                problem.last[static_cast<std::size_t>(u)] + (idle ? 0.0 : problem.output[at]));
    }
  }
}

TEST(GatedScan, FastEqualsReadableAtEverySize) {
  std::int64_t steps = 1;
  for (const GatedCell cell : cells) {
    for (const std::int64_t units : scan_sizes) {
      const GatedCase c{cell, steps, units, steps % 2 == 0};
      SCOPED_TRACE(describe(c));
      const Results<double> readable = GatedProblem<double>(c).results();
      on_every_isa([&] { expect_close(GatedProblem<float>(c).results(), readable, 3e-5); });
      steps = steps % 37 + 3;
    }
  }
}

TEST(GatedScan, FastEqualsReadableOverManySteps) {
  for (const GatedCell cell : cells) {
    const GatedCase c{cell, 3000, 17};
    SCOPED_TRACE(describe(c));
    const Results<double> readable = GatedProblem<double>(c).results();
    on_every_isa([&] { expect_close(GatedProblem<float>(c).results(), readable, 1e-4); });
  }
}

TEST(GatedScan, SameBitsHoweverStepsAndUnitsAreCut) {
  for (const GatedCell cell : cells) {
    for (const std::int64_t units : {5, 32, 100}) {
      const GatedCase c{cell, 23, units, units == 5};
      SCOPED_TRACE(describe(c));
      on_every_isa([&] {
        const GatedProblem<float> problem(c);
        const Results<float> whole = problem.results();
        for (const Cuts cuts : {Cuts{1, 0}, Cuts{5, 0}, Cuts{0, 1}, Cuts{7, 16}, Cuts{4, 33}})
          expect_same_bits(problem.results(cuts), whole);
        expect_same_bits(problem.results({}, true), whole);
      });
    }
  }
}

TEST(GatedScan, SameBitsOnEveryProcessor) {
  on_every_isa([&] {
    if (kernels::isa() == "baseline") return;
    std::uint32_t sum = 0;
    for (const GatedCell cell : cells) {
      for (const std::int64_t units : {3, 16, 50}) {
        for (const Memory<float>& result : GatedProblem<float>({cell, 40, units, true}).results()) {
          std::vector<float> known;
          for (const float number : result) {
            if (!std::isnan(number)) known.push_back(number);
          }
          const auto* bytes = reinterpret_cast<const char*>(known.data());
          sum = crc32c({bytes, known.size() * sizeof(float)}, sum);
        }
      }
    }
    EXPECT_EQ(sum, 0x8eb03271U) << fmt::format("{:#x}", sum);
  });
}

// Gates that are shut, or wide open, far beyond what a sigmoid tells apart.
TEST(GatedScan, NoNumberIsLostAtTheEnds) {
  for (const GatedCell cell : cells) {
    GatedCase c{cell, 200, 19};
    SCOPED_TRACE(describe(c));
    GatedProblem<float> problem(c);
    // sigmoid(-69) is 1e-30.
    const std::array<float, 8> extremes{100.0F, -100.0F, -69.07755F, 69.07755F,
                                        0.0F,   1e30F,   -1e30F,     -1e-30F};
    for (std::size_t i = 0; i < problem.gates.size(); ++i)
      problem.gates[i] = extremes[(i * 7 + i / extremes.size()) % extremes.size()];
    for (std::int64_t t = 0; t < c.steps; ++t) {
      for (std::int64_t u = 0; u < c.units; ++u) {  // inputs of +-100 behind the gates
        const std::int64_t column = problem.columns - c.units + u;
        problem.gates[static_cast<std::size_t>(t * problem.columns + column)] =
            (t + u) % 2 == 0 ? 100.0F : -100.0F;
      }
    }
    for (std::size_t u = 0; u < problem.decay.size(); ++u)
      problem.decay[u] = std::array<float, 5>{-1e-30F, 0.0F, -1e-7F, -100.0F, -1e30F}[u % 5];
    on_every_isa([&] {
      Results<float> results = problem.results();
      results.pop_back();  // the trace, with nothing between its rows
      for (const Memory<float>& result : results) {
        for (const float number : result) ASSERT_TRUE(std::isfinite(number));
      }
    });
  }
}

TEST(ComplexScan, GradientsByDifferences) {
  for (const bool masked : {false, true}) {
    ComplexProblem<double> problem({7, 3, masked});
    const Results<double> results = problem.results();
    expect_gradient(problem, problem.inputs, results[2].data());
    expect_gradient(problem, problem.state, results[3].data());
    for (const auto& [numbers, result] :
         {std::pair{&problem.lambda, 4}, std::pair{&problem.gamma, 5}}) {
      Memory<double> gradient = results[static_cast<std::size_t>(result)];
      for (double& each : gradient) each -= 0.25;
      expect_gradient(problem, *numbers, gradient.data());
    }
  }
}

TEST(ComplexScan, FastEqualsReadableAtEverySize) {
  std::int64_t steps = 1;
  for (const std::int64_t units : scan_sizes) {
    const ComplexCase c{steps, units, steps % 2 == 0};
    SCOPED_TRACE(fmt::format("{} steps, {} units", steps, units));
    const Results<double> readable = ComplexProblem<double>(c).results();
    on_every_isa([&] { expect_close(ComplexProblem<float>(c).results(), readable, 3e-5); });
    steps = steps % 37 + 3;
  }
}

TEST(ComplexScan, SameBitsHoweverStepsAndUnitsAreCut) {
  for (const std::int64_t units : {5, 32, 100}) {
    on_every_isa([&] {
      const ComplexProblem<float> problem({23, units, units == 5});
      const Results<float> whole = problem.results();
      for (const Cuts cuts : {Cuts{1, 0}, Cuts{5, 0}, Cuts{0, 1}, Cuts{7, 16}, Cuts{4, 33}})
        expect_same_bits(problem.results(cuts), whole);
    });
  }
}

TEST(ComplexScan, SameBitsOnEveryProcessor) {
  on_every_isa([&] {
    if (kernels::isa() == "baseline") return;
    std::uint32_t sum = 0;
    for (const std::int64_t units : {3, 16, 50}) {
      for (const Memory<float>& result : ComplexProblem<float>({40, units, true}).results()) {
        const auto* bytes = reinterpret_cast<const char*>(result.data());
        sum = crc32c({bytes, result.size() * sizeof(float)}, sum);
      }
    }
    EXPECT_EQ(sum, 0x6a103f1cU) << fmt::format("{:#x}", sum);
  });
}

}  // namespace
}  // namespace chronicler::test
