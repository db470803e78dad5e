#include "kernels/trace.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/random.h"
#include "kernels/isa.h"
#include "kernels/reference/trace.h"

namespace chronicler::kernels {
namespace {

template <class Real>
std::vector<Real> numbers(std::int64_t count, std::uint64_t stream) {
  std::vector<Real> drawn(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < drawn.size(); ++i)
    drawn[i] = static_cast<Real>(Random(11).uniform(stream, i)) - Real{0.5};
  return drawn;
}

struct Case {
  std::int64_t rows;
  std::int64_t columns;
  bool two_states;
  bool first_loss;
  bool second_loss;
  bool learns;
};

template <class Real>
struct Arrays {
  explicit Arrays(const Case& c)
      : source(numbers<Real>(c.rows, 0)), gradient(numbers<Real>(c.rows * c.columns, 1)) {
    for (std::uint64_t i = 0; i < 4; ++i) carry.push_back(numbers<Real>(c.columns, 2 + i));
    for (std::uint64_t i = 0; i < 2; ++i) {
      direct.push_back(numbers<Real>(c.columns, 10 + i));
      loss.push_back(numbers<Real>(c.columns, 20 + i));
      state.push_back(numbers<Real>(c.rows * c.columns, 30 + i));
    }
  }
  Trace<Real> trace(const Case& c) {
    Trace<Real> trace;
    trace.rows = c.rows;
    trace.columns = c.columns;
    trace.source = source.data();
    for (std::size_t i = 0; i < 4; ++i) {
      if (c.two_states || i == 0) trace.carry[i] = carry[i].data();
    }
    for (std::size_t i = 0; i < 2; ++i) {
      if (i == 1 && !c.two_states) continue;
      trace.direct[i] = direct[i].data();
      trace.state[i] = state[i].data();
    }
    if (c.first_loss) trace.loss[0] = loss[0].data();
    if (c.second_loss) trace.loss[1] = loss[1].data();
    if (c.learns) trace.gradient = gradient.data();
    return trace;
  }
  std::vector<Real> source, gradient;
  std::vector<std::vector<Real>> carry, direct, loss, state;
};

void expect_near(const std::vector<float>& got, const std::vector<double>& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], expected[i], 1e-6) << i;
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const std::int64_t rows : {1, 3, 4, 9}) {
    for (const std::int64_t columns : {1, 4, 7, 16, 33, 64}) {
      all.push_back({rows, columns, false, true, false, true});
      all.push_back({rows, columns, false, true, false, false});
      all.push_back({rows, columns, true, true, true, true});
      all.push_back({rows, columns, true, false, true, true});
      all.push_back({rows, columns, true, true, false, true});
      all.push_back({rows, columns, true, false, true, false});
    }
  }
  return all;
}

TEST(Trace, TheFastOneIsTheReadableOneOnEveryInstructionSet) {
  const std::string before = isa();
  for (const std::string& each : available_isas()) {
    force_isa(each);
    for (const Case& c : cases()) {
      SCOPED_TRACE(each + " " + std::to_string(c.rows) + " x " + std::to_string(c.columns));
      Arrays<double> expected(c);
      Arrays<float> got(c);
      for (int step = 0; step < 3; ++step) {
        reference::advance_trace(expected.trace(c));
        advance_trace(got.trace(c));
      }
      expect_near(got.gradient, expected.gradient);
      for (std::size_t i = 0; i < 2; ++i) expect_near(got.state[i], expected.state[i]);
    }
  }
  force_isa(before);
}

TEST(Trace, IsTheSumOfWhatWasCarried) {
  // One weight, one state: E = 0.5 E' + 2 s over s = 1, 3; the loss sees it at the end.
  const std::vector<double> carry{0.5};
  const std::vector<double> direct{2.0};
  const std::vector<double> loss{10.0};
  double state = 0.0;
  double gradient = 0.0;
  for (const double source : {1.0, 3.0}) {
    Trace<double> trace;
    trace.rows = 1;
    trace.columns = 1;
    trace.source = &source;
    trace.carry[0] = carry.data();
    trace.direct[0] = direct.data();
    trace.loss[0] = loss.data();
    trace.state[0] = &state;
    if (source == 3.0) trace.gradient = &gradient;
    advance_trace(trace);
  }
  EXPECT_EQ(state, 7.0);
  EXPECT_EQ(gradient, 70.0);
}

}  // namespace
}  // namespace chronicler::kernels
