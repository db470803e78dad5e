#include "kernels/mlstm.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/crc32c.h"
#include "kernels/isa.h"
#include "support/conformance.h"
#include "support/recurrence_fixture.h"

namespace chronicler::test {
namespace {

using kernels::Mlstm;
using kernels::MlstmGradient;
using kernels::StepUse;

struct Case {
  std::int64_t steps = 5;
  std::int64_t units = 4;
  std::int64_t heads = 1;
  std::int64_t chunk = 1;
  bool exponential_forget = false;
  bool masked = false;
  float gates = 1.0F;  // how large they are
};

std::string describe(const Case& c) {
  return fmt::format("steps {}, units {}, heads {}, chunk {}, exponential {}, masked {}, gates {}",
                     c.steps, c.units, c.heads, c.chunk, c.exponential_forget, c.masked, c.gates);
}

enum class Way : std::uint8_t { steps, chunks };

// One run with memory of its own.
template <class Real>
struct Fixture {
  Case c;
  std::int64_t head_size, width, chunks;
  Memory<Real> gates, h, memory, n, m, hidden, kept, scratch;
  std::vector<StepUse> uses;
  Memory<Real> d_hidden, d_memory, d_n, d_m;
  Mlstm<Real> run;

  explicit Fixture(const Case& the_case) : c(the_case) {
    head_size = c.units / c.heads;
    width = kernels::mlstm_width(c.units, c.heads);
    // In double every step is kept.
    run.chunk = std::is_same_v<Real, double> ? 1 : c.chunk;
    chunks = (c.steps + run.chunk - 1) / run.chunk;
    gates = noise<Real>(c.steps * width, 1);
    for (std::int64_t t = 0; t < c.steps; ++t) {
      for (std::int64_t i = 4 * c.units; i < width; ++i)
        gates[static_cast<std::size_t>(t * width + i)] *= static_cast<Real>(c.gates);
    }
    h = noise<Real>(c.units, 2);
    memory = noise<Real>(c.units * head_size, 3);
    n = noise<Real>(c.units, 4);
    m = noise<Real>(c.heads, 5);
    hidden = undefined<Real>(c.steps * c.units);
    kept = undefined<Real>(kernels::mlstm_kept(c.units, c.heads, chunks));
    scratch =
        undefined<Real>(std::max(kernels::mlstm_scratch<Real>(c.units, c.heads, run.chunk, true),
                                 kernels::mlstm_scratch<Real>(c.units, c.heads, run.chunk, false)));
    d_hidden = noise<Real>(c.steps * c.units, 6);
    d_memory = noise<Real>(c.units * head_size, 7);
    d_n = noise<Real>(c.units, 8);
    d_m = noise<Real>(c.heads, 9);
    for (std::int64_t t = 0; c.masked && t < c.steps; ++t)
      uses.push_back(t % 3 == 1 || t == 0 ? StepUse::repeats : StepUse::counts);
    run.steps = c.steps;
    run.units = c.units;
    run.heads = c.heads;
    run.exponential_forget = c.exponential_forget;
    run.gates = gates.data();
    if (c.masked) run.uses = uses.data();
    run.hidden_state = h.data();
    run.memory = memory.data();
    run.normalizer = n.data();
    run.stabilizer = m.data();
    run.hidden = hidden.data();
    run.kept = kept.data();
    run.scratch = scratch.data();
  }

  void forward(Way way) {
    for (std::int64_t head = 0; head < c.heads; ++head) {
      if (way == Way::steps) {
        kernels::mlstm_steps(run, head);
      } else {
        kernels::mlstm_forward(run, head);
      }
    }
  }
  void backward() {
    for (std::int64_t t = 0; c.masked && t < c.steps; ++t) {
      if (uses[static_cast<std::size_t>(t)] == StepUse::counts) continue;
      for (std::int64_t u = 0; u < c.units; ++u)
        d_hidden[static_cast<std::size_t>(t * c.units + u)] = 0;
    }
    const MlstmGradient<Real> gradient{d_hidden.data(), d_memory.data(), d_n.data(), d_m.data()};
    for (std::int64_t head = 0; head < c.heads; ++head)
      kernels::mlstm_backward(run, gradient, head);
  }
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const bool exponential : {false, true}) {
    for (const bool masked : {false, true}) {
      all.push_back({1, 1, 1, 1, exponential, masked});
      all.push_back({5, 4, 2, 2, exponential, masked});
      all.push_back({7, 6, 3, 3, exponential, masked, 5.0F});
      all.push_back({33, 15, 1, 16, exponential, masked});
      all.push_back({40, 34, 2, 17, exponential, masked, 3.0F});
      all.push_back({70, 64, 1, 64, exponential, masked});
      all.push_back({90, 96, 3, 32, exponential, masked});
      all.push_back({150, 17, 1, 33, exponential, masked});
    }
  }
  return all;
}

template <class Real>
std::vector<const Memory<Real>*> states_of(const Fixture<Real>& f) {
  return {&f.hidden, &f.h, &f.memory, &f.n, &f.m};
}
template <class Real>
std::vector<const Memory<Real>*> gradients_of(const Fixture<Real>& f) {
  return {&f.gates, &f.d_memory, &f.d_n, &f.d_m};
}

void expect_near(const std::vector<const Memory<float>*>& got,
                 const std::vector<const Memory<double>*>& expected, double bound) {
  for (std::size_t which = 0; which < got.size(); ++which) {
    double largest = 1.0;
    for (const double each : *expected[which]) largest = std::max(largest, std::abs(each));
    for (std::size_t i = 0; i < got[which]->size(); ++i) {
      const double a = static_cast<double>((*got[which])[i]);
      ASSERT_LE(std::abs(a - (*expected[which])[i]), bound * largest) << fmt::format(
          "result {}, element {}: {} instead of {}", which, i, a, (*expected[which])[i]);
    }
  }
}

// The loss that backward differentiates.
double loss_of(const Case& c, const Fixture<double>& changed) {
  Fixture<double> f(c);
  f.gates = changed.gates;
  f.memory = changed.memory;
  f.n = changed.n;
  f.m = changed.m;
  f.run.gates = f.gates.data();
  f.run.memory = f.memory.data();
  f.run.normalizer = f.n.data();
  f.run.stabilizer = f.m.data();
  f.forward(Way::steps);
  double loss = 0.0;
  for (std::int64_t t = 0; t < c.steps; ++t) {
    if (c.masked && f.uses[static_cast<std::size_t>(t)] != StepUse::counts) continue;
    for (std::int64_t u = t * c.units; u < (t + 1) * c.units; ++u) {
      const auto i = static_cast<std::size_t>(u);
      loss += f.d_hidden[i] * f.hidden[i];
    }
  }
  for (std::size_t i = 0; i < f.memory.size(); ++i) loss += f.d_memory[i] * f.memory[i];
  for (std::size_t i = 0; i < f.n.size(); ++i) loss += f.d_n[i] * f.n[i];
  for (std::size_t i = 0; i < f.m.size(); ++i) loss += f.d_m[i] * f.m[i];
  return loss;
}

TEST(MlstmKernel, GradientsOfTheReadableOne) {
  for (const Case& c : cases()) {
    if (c.steps > 7) continue;
    SCOPED_TRACE(describe(c));
    Fixture<double> analytic(c);
    analytic.forward(Way::chunks);
    analytic.backward();
    Fixture<double> f(c);
    const auto check = [&](Memory<double>& places, const Memory<double>& gradient,
                           const char* what) {
      for (std::size_t i = 0; i < places.size(); ++i) {
        const double before = places[i];
        constexpr double step = 1e-6;
        places[i] = before + step;
        const double high = loss_of(c, f);
        places[i] = before - step;
        const double low = loss_of(c, f);
        places[i] = before;
        const double difference = (high - low) / (2 * step);
        const double size = std::max({std::abs(difference), std::abs(gradient[i]), 1e-2});
        EXPECT_LE(std::abs(difference - gradient[i]), 1e-6 * size)
            << what << " " << i << ": " << gradient[i] << ", by differences " << difference;
      }
    };
    check(f.gates, analytic.gates, "projection");
    check(f.memory, analytic.d_memory, "memory");
    check(f.n, analytic.d_n, "normalizer");
    check(f.m, analytic.d_m, "stabilizer");
  }
}

TEST(MlstmKernel, StepsAndChunksEqualTheReadableOne) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(describe(c));
    Fixture<double> expected(c);
    expected.forward(Way::steps);
    Fixture<double> back(c);
    back.forward(Way::chunks);
    back.backward();
    for (const std::string& isa : kernels::available_isas()) {
      SCOPED_TRACE(isa);
      const IsaForNow guard(isa);
      Fixture<float> steps(c);
      steps.run.kept = nullptr;
      steps.forward(Way::steps);
      expect_near(states_of(steps), states_of(expected), 3e-5);
      Fixture<float> in_chunks(c);
      in_chunks.forward(Way::chunks);
      expect_near(states_of(in_chunks), states_of(expected), 3e-5);
      in_chunks.backward();
      expect_near(gradients_of(in_chunks), gradients_of(back), 1e-4);
    }
  }
}

TEST(MlstmKernel, SameBitsOnEveryProcessor) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(describe(c));
    std::vector<std::uint32_t> sums;
    for (const std::string& isa : kernels::available_isas()) {
      if (isa == "baseline") continue;
      const IsaForNow guard(isa);
      Fixture<float> f(c);
      f.forward(Way::chunks);
      Fixture<float> steps(c);
      steps.forward(Way::steps);
      std::uint32_t sum = 0;
      const auto add = [&](const std::vector<const Memory<float>*>& all) {
        for (const Memory<float>* each : all) {
          const auto* bytes = reinterpret_cast<const char*>(each->data());
          sum = crc32c({bytes, each->size() * sizeof(float)}, sum);
        }
      };
      add(states_of(f));
      add(states_of(steps));
      f.backward();
      add(gradients_of(f));
      sums.push_back(sum);
    }
    for (const std::uint32_t sum : sums) EXPECT_EQ(sum, sums.front());
  }
}

// Gates of +-100 and more: all is finite, and the two ways agree.
TEST(MlstmKernel, HugeGatesDoNotOverflow) {
  for (const bool exponential : {false, true}) {
    for (const float size : {100.0F, 1000.0F}) {
      const Case c{.steps = 100,
                   .units = 24,
                   .heads = 2,
                   .chunk = 32,
                   .exponential_forget = exponential,
                   .gates = size};
      SCOPED_TRACE(describe(c));
      Fixture<double> expected(c);
      expected.forward(Way::steps);
      Fixture<float> f(c);
      f.forward(Way::chunks);
      expect_near({&f.hidden}, {&expected.hidden}, 1e-3);
      f.backward();
      for (const Memory<float>* each : gradients_of(f)) {
        for (const float number : *each) ASSERT_TRUE(std::isfinite(number));
      }
    }
  }
}

// What comes later in a chunk changes nothing in what came before.
TEST(MlstmKernel, AStepDoesNotSeeLaterOnes) {
  const Case c{.steps = 40, .units = 18, .heads = 2, .chunk = 32};
  Fixture<float> whole(c);
  whole.forward(Way::chunks);
  for (const std::int64_t steps : {1, 15, 16, 17, 31, 33}) {
    Case shorter = c;
    shorter.steps = steps;
    Fixture<float> f(shorter);
    f.forward(Way::chunks);
    for (std::size_t i = 0; i < f.hidden.size(); ++i) ASSERT_EQ(f.hidden[i], whole.hidden[i]);
  }
}

}  // namespace
}  // namespace chronicler::test
