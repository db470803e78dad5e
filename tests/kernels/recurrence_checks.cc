#include "kernels/recurrence_checks.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>
#include <type_traits>

#include <gtest/gtest.h>

#include "base/crc32c.h"
#include "kernels/isa.h"
#include "support/conformance.h"

namespace chronicler::test {
namespace {

using kernels::Activation;
using kernels::CellKernels;
using kernels::Range;

// ---- What a run computes

template <class Real>
struct Result {
  std::string name;
  bool backward;
  std::vector<Real> values;
};
template <class Real>
using Results = std::vector<Result<Real>>;

template <class Real>
std::vector<Real> copied(const Memory<Real>& memory) {
  return {memory.begin(), memory.end()};
}

// The tape of the steps that count: what the others hold, nobody may rely on.
template <class Real>
std::vector<Real> tape_of(const RecurrenceFixture<Real>& f) {
  std::vector<Real> values;
  for (std::int64_t t = 0; t < f.run.steps; ++t) {
    for (std::int64_t n = 0; n < f.run.rows; ++n) {
      if (!counts(f.c, t, n)) continue;
      const Real* row = f.tape.data() + (t * f.run.rows + n) * f.tape_width();
      values.insert(values.end(), row, row + f.tape_width());
    }
  }
  return values;
}

template <class Real>
std::vector<Real> x_gradient_of(const RecurrenceFixture<Real>& f) {
  std::vector<Real> values;
  for (std::int64_t t = 0; t < f.run.steps; ++t) {
    for (std::int64_t n = 0; n < f.run.rows; ++n) {
      const Real* row = f.gradient.x.at(t, n);
      values.insert(values.end(), row, row + f.run.features);
    }
  }
  return values;
}

template <class Real>
Results<Real> run_both_ways(RecurrenceFixture<Real>& f, std::int64_t row_pieces = 1,
                            std::int64_t weight_shares = 1) {
  f.forward(row_pieces);
  Results<Real> results{{"hidden states", false, copied(f.hidden)},
                        {"cell states", false, copied(f.cell)},
                        {"tape after forward", false, tape_of(f)}};
  f.backward(row_pieces, weight_shares);
  results.push_back({"tape after backward", true, tape_of(f)});
  results.push_back({"trace", true, copied(f.trace)});
  results.push_back({"gradient of x", true, x_gradient_of(f)});
  results.push_back({"gradient of kernel", true, copied(f.kernel_gradient)});
  results.push_back({"gradient of recurrent_kernel", true, copied(f.recurrent_kernel_gradient)});
  results.push_back({"gradient of bias", true, copied(f.bias_gradient)});
  results.push_back({"gradient of initial hidden", true, copied(f.hidden_gradient)});
  results.push_back({"gradient of initial cell", true, copied(f.cell_gradient)});
  return results;
}

template <class Real>
Results<Real> run_both_ways(const CellKernels<Real>& cell, const RecurrenceCase& c,
                            std::int64_t row_pieces = 1, std::int64_t weight_shares = 1) {
  RecurrenceFixture<Real> fixture(cell, c);
  return run_both_ways(fixture, row_pieces, weight_shares);
}

// ---- Comparisons

template <class Real>
void expect_same_bits(const std::vector<Real>& got, const std::vector<Real>& expected,
                      std::string_view what) {
  ASSERT_EQ(got.size(), expected.size()) << what;
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_EQ(std::memcmp(&got[i], &expected[i], sizeof(Real)), 0) << fmt::format(
        "{}, element {} of {}: {} instead of {}", what, i, got.size(), got[i], expected[i]);
  }
}

template <class Real>
void expect_same_bits(const Results<Real>& got, const Results<Real>& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    expect_same_bits(got[i].values, expected[i].values, got[i].name);
  }
}

// The bound of oneDNN's tests: every doubling of what is summed may cost so many roundings. Depth
// is what a number is summed over: inputs and units forwards, rows as well backwards, at every
// step. It is relative to the largest number, which the sums are made of.
double tolerance(const RecurrenceCase& c, bool backward) {
  const std::int64_t depth = (c.features + c.units + (backward ? c.rows : 0)) * c.steps;
  return 4.0 * (backward ? 2.0 : 1.0) * std::ceil(std::log2(static_cast<double>(depth + 1))) *
         static_cast<double>(std::numeric_limits<float>::epsilon());
}

double largest(const std::vector<double>& values) {
  double largest = 1.0;
  for (const double value : values) {
    if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
  }
  return largest;
}

void expect_near(const Result<float>& got, const Result<double>& expected, double bound) {
  ASSERT_EQ(got.values.size(), expected.values.size()) << got.name;
  const double error = bound * largest(expected.values);
  for (std::size_t i = 0; i < got.values.size(); ++i) {
    const double value = static_cast<double>(got.values[i]);
    ASSERT_TRUE(std::abs(value - expected.values[i]) <= error)
        << fmt::format("{}, element {} of {}: {} instead of {}, {:.2g} allowed", got.name, i,
                       got.values.size(), value, expected.values[i], error);
  }
}

// float runs on every instruction set, double on its only one.
template <class Real, class Function>
void on_every_isa(Function check) {
  if constexpr (std::is_same_v<Real, double>) {
    check();
  } else {
    for (const std::string& isa : kernels::available_isas()) {
      SCOPED_TRACE(isa);
      const IsaForNow guard(isa);
      check();
    }
  }
}

// ---- Central differences

constexpr double step_of_difference = 1e-6;

// A number that the loss depends on, and what backward says of it.
struct Variable {
  double* place;
  double gradient;
};

// The states that the loss weighs.
struct Outcome {
  Memory<double> hidden;
  Memory<double> cell;
};

Outcome outcome_of(RecurrenceFixture<double>& f) {
  f.forward();
  return {f.hidden, f.cell};
}

// The loss of one outcome less that of another. The differences are taken first: they are small.
double loss_between(const RecurrenceFixture<double>& f, const Outcome& high, const Outcome& low) {
  const std::size_t size = static_cast<std::size_t>(f.state_size());
  const std::size_t last = static_cast<std::size_t>(f.run.steps) * size;
  double loss = 0.0;
  for (std::size_t i = 0; i < last; ++i) {
    loss += f.output_gradient[i] * (high.hidden[size + i] - low.hidden[size + i]);
  }
  for (std::size_t i = 0; i < size; ++i) {
    loss += f.hidden_gradient[i] * (high.hidden[last + i] - low.hidden[last + i]);
  }
  const std::size_t last_cells = last * static_cast<std::size_t>(f.kernels.cells);
  for (std::size_t i = 0; i < f.cell_gradient.size(); ++i)
    loss += f.cell_gradient[i] * (high.cell[last_cells + i] - low.cell[last_cells + i]);
  return loss;
}

void expect_gradient(double got, double expected, std::string_view what, std::size_t i) {
  const double size = std::max({std::abs(got), std::abs(expected), 1e-3});
  EXPECT_TRUE(std::abs(got - expected) <= 1e-6 * size)
      << fmt::format("gradient of {}, element {}: {}, by differences {}", what, i, got, expected);
}

void check_variables(RecurrenceFixture<double>& f, const std::vector<Variable>& variables,
                     std::string_view what) {
  for (std::size_t i = 0; i < variables.size(); ++i) {
    double& place = *variables[i].place;
    const double before = place;
    place = before + step_of_difference;
    const Outcome high = outcome_of(f);
    place = before - step_of_difference;
    const Outcome low = outcome_of(f);
    place = before;
    expect_gradient(variables[i].gradient, loss_between(f, high, low) / (2 * step_of_difference),
                    what, i);
  }
}

// The first of `places`, one for each of `gradients`, less what the gradients held before.
std::vector<Variable> variables(Memory<double>& places, const Memory<double>& gradients,
                                double start = 0.0) {
  std::vector<Variable> all;
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    all.push_back({&places[i], gradients[i] - start});
  }
  return all;
}

std::vector<Variable> x_variables(RecurrenceFixture<double>& f, const std::vector<double>& d_x) {
  std::vector<Variable> all;
  for (std::int64_t i = 0; i < f.run.steps * f.run.rows * f.run.features; ++i) {
    const std::int64_t t = i / (f.run.rows * f.run.features);
    const std::int64_t n = i / f.run.features % f.run.rows;
    const std::int64_t at = f.run.x.at(t, n) + i % f.run.features - f.x.data();
    all.push_back({&f.x[static_cast<std::size_t>(at)], d_x[static_cast<std::size_t>(i)]});
  }
  return all;
}

// ---- Parts of a run

// The steps from `first` on, of one row or all, as a run of its own that starts from the states in
// slot `first`. The mask must be given anew if the rows change.
template <class Real>
kernels::Recurrence<Real> from_step(const kernels::Recurrence<Real>& run, std::int64_t first,
                                    std::int64_t steps, std::int64_t cells) {
  kernels::Recurrence<Real> part = run;
  const std::int64_t states = first % run.state_slots * run.rows * run.units;
  part.steps = steps;
  part.x.data += first * run.x.step_stride;
  if (part.mask != nullptr) part.mask += first * run.rows;
  part.hidden += states;
  if (part.cell != nullptr) part.cell += cells * states;
  return part;
}

// What of `all`, [outer][rows][width], belongs to row n.
template <class Real>
std::vector<Real> row_of(const std::vector<Real>& all, std::int64_t rows, std::int64_t width,
                         std::int64_t n) {
  std::vector<Real> row;
  const std::int64_t size = static_cast<std::int64_t>(all.size());
  for (std::int64_t at = n * width; at < size; at += rows * width) {
    row.insert(row.end(), all.begin() + at, all.begin() + at + width);
  }
  return row;
}

template <class Real>
void take_row(const Memory<Real>& all, std::int64_t rows, std::int64_t width, std::int64_t n,
              Memory<Real>& alone) {
  const std::vector<Real> row = row_of(copied(all), rows, width, n);
  ASSERT_EQ(row.size(), alone.size());
  std::copy(row.begin(), row.end(), alone.begin());
}

// The inputs of row n of `batch`, in a fixture that has one row.
template <class Real>
void take_inputs(const RecurrenceFixture<Real>& batch, std::int64_t n,
                 RecurrenceFixture<Real>& alone) {
  const std::int64_t rows = batch.run.rows;
  const std::int64_t units = batch.run.units;
  for (std::int64_t t = 0; t < batch.run.steps; ++t) {
    Real* x = alone.x.data() + (alone.run.x.at(t, 0) - alone.x.data());
    std::copy_n(batch.run.x.at(t, n), batch.run.features, x);
    if (batch.run.mask == nullptr) continue;
    alone.mask[static_cast<std::size_t>(t)] = batch.run.mask[t * rows + n];
  }
  take_row(batch.input_dropout, rows, batch.run.features, n, alone.input_dropout);
  take_row(batch.recurrent_dropout, rows, units, n, alone.recurrent_dropout);
  take_row(batch.hidden, rows, units, n, alone.hidden);
  take_row(batch.cell, rows, units, n, alone.cell);
  take_row(batch.output_gradient, rows, units, n, alone.output_gradient);
  take_row(batch.hidden_gradient, rows, units, n, alone.hidden_gradient);
  take_row(batch.cell_gradient, rows, units, n, alone.cell_gradient);
}

// Memory of inference, and a run that uses it: few slots, no tape to speak of.
template <class Real>
class Inference {
 public:
  Inference(const RecurrenceFixture<Real>& f, std::int64_t state_slots, std::int64_t tape_slots)
      : run(f.run), kernels_(f.kernels) {
    run.state_slots = state_slots;
    run.tape_slots = tape_slots;
    run.hidden = (hidden_ = initial(f.hidden, state_slots, f.state_size())).data();
    if (f.kernels.cells > 0) {
      run.cell = (cell_ = initial(f.cell, state_slots, f.kernels.cells * f.state_size())).data();
    }
    run.tape = (tape_ = undefined<Real>(tape_slots * run.rows * f.tape_width())).data();
    run.preactivations = nullptr;
    run.packed = (packed_ = undefined<Real>(kernels_.packed_size(run, false))).data();
    run.scratch = (scratch_ = undefined<Real>(run.rows * kernels_.scratch_size(run, false))).data();
    kernels_.prepare(run, {});
  }
  Inference(const Inference&) = delete;
  Inference& operator=(const Inference&) = delete;

  kernels::Recurrence<Real> run;

  // After t steps, the states in their slot are those of the whole run.
  void expect_states_of(const RecurrenceFixture<Real>& f, std::int64_t t) const {
    const auto states = [&](const Memory<Real>& all, std::int64_t slot, std::int64_t count) {
      const std::int64_t size = count * f.state_size();
      return std::vector<Real>(all.begin() + slot * size, all.begin() + (slot + 1) * size);
    };
    const std::int64_t slot = t % run.state_slots;
    const std::string when = fmt::format("after {} steps", t);
    const std::int64_t cells = f.kernels.cells;
    expect_same_bits(states(hidden_, slot, 1), states(f.hidden, t, 1), "hidden state " + when);
    expect_same_bits(states(cell_, slot, cells), states(f.cell, t, cells), "cells " + when);
  }

  // The states in the last slot become the initial ones.
  void start_from_slot(std::int64_t slot) {
    const std::int64_t size = run.rows * run.units;
    std::copy_n(run.hidden + slot * size, size, run.hidden);
    if (run.cell == nullptr) return;
    std::copy_n(run.cell + slot * kernels_.cells * size, kernels_.cells * size, run.cell);
  }

 private:
  static Memory<Real> initial(const Memory<Real>& states, std::int64_t slots, std::int64_t size) {
    Memory<Real> memory = undefined<Real>(slots * size);
    std::copy_n(states.begin(), size, memory.begin());
    return memory;
  }

  const CellKernels<Real>& kernels_;
  Memory<Real> hidden_, cell_, tape_, packed_, scratch_;
};

// ---- Configurations

constexpr std::array<std::int64_t, 12> sizes{1, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 100};

constexpr std::array maskings{Masking::none, Masking::right, Masking::left, Masking::holes,
                              Masking::whole_rows};
constexpr std::array droppings{Dropping::none, Dropping::input, Dropping::recurrent,
                               Dropping::both};

struct Pair {
  Activation activation;
  Activation recurrent_activation;
};
// From the output alone; both from their inputs; one of each.
constexpr std::array<Pair, 4> pairs{{
    {Activation::tanh, Activation::sigmoid},
    {Activation::gelu, Activation::hard_silu},
    {Activation::silu, Activation::hard_sigmoid},
    {Activation::softsign, Activation::mish},
}};

// Options that walk along with a number, at periods that have no factor in common.
void vary(RecurrenceCase& c, std::size_t i) {
  c.masking = maskings[i % maskings.size()];
  c.dropping = droppings[i / 3 % droppings.size()];
  c.bias = i % 7 != 3;
  c.backwards = i % 3 == 1;
}

}  // namespace

std::vector<RecurrenceCase> option_cases() {
  std::vector<RecurrenceCase> cases;
  for (const Pair pair : pairs) {
    for (const Masking masking : maskings) {
      for (const Dropping dropping : droppings) {
        for (const bool bias : {true, false}) {
          for (const bool backwards : {false, true}) {
            cases.push_back({.activation = pair.activation,
                             .recurrent_activation = pair.recurrent_activation,
                             .bias = bias,
                             .backwards = backwards,
                             .masking = masking,
                             .dropping = dropping});
          }
        }
      }
    }
  }
  return cases;
}

std::vector<RecurrenceCase> activation_cases() {
  std::vector<RecurrenceCase> cases;
  for (const std::string_view name : kernels::activation_names()) {
    const Activation activation = *kernels::activation_from_name(name);
    if (kernels::is_rowwise(activation)) continue;
    // Few steps: what has no bound grows, e to the power of e beyond all digits.
    const std::int64_t steps = activation == Activation::exponential ? 1 : 2;
    cases.push_back({.steps = steps, .activation = activation});
    cases.push_back({.steps = steps, .recurrent_activation = activation});
  }
  return cases;
}

std::vector<RecurrenceCase> size_cases() {
  std::vector<RecurrenceCase> cases;
  for (const std::int64_t features : sizes) {
    for (const std::int64_t units : sizes) {
      const std::size_t i = cases.size();
      RecurrenceCase c{.steps = static_cast<std::int64_t>(1 + i % 5),
                       .rows = sizes[i % 7],
                       .features = features,
                       .units = units,
                       .activation = pairs[i % 11 % pairs.size()].activation,
                       .recurrent_activation = pairs[i % 11 % pairs.size()].recurrent_activation};
      vary(c, i);
      cases.push_back(c);
    }
  }
  return cases;
}

std::vector<RecurrenceCase> shape_cases() {
  constexpr std::array<std::array<std::int64_t, 4>, 10> shapes{{
      // steps, rows, features, units
      {1, 1, 1, 1},
      {5, 3, 3, 4},
      {7, 2, 9, 8},
      {3, 8, 1, 16},
      {6, 9, 17, 15},
      {4, 13, 5, 33},
      {2, 16, 65, 7},
      {4, 17, 31, 32},
      {3, 33, 8, 65},
      {2, 5, 100, 100},
  }};
  std::vector<RecurrenceCase> cases;
  for (const auto& [steps, rows, features, units] : shapes) {
    for (std::size_t option = 0; option < 2; ++option) {
      const std::size_t i = cases.size();
      RecurrenceCase c{.steps = steps,
                       .rows = rows,
                       .features = features,
                       .units = units,
                       .activation = pairs[option * (1 + i % 3)].activation,
                       .recurrent_activation = pairs[option * (1 + i % 3)].recurrent_activation};
      if (option > 0) vary(c, i);
      cases.push_back(c);
    }
  }
  return cases;
}

std::vector<RecurrenceCase> with_reset_before(std::vector<RecurrenceCase> cases) {
  const std::size_t count = cases.size();
  for (std::size_t i = 0; i < count; ++i) {
    cases.push_back(cases[i]);
    cases.back().reset_after = false;
  }
  return cases;
}

void check_gradients(const CellKernels<double>& cell, const RecurrenceCase& c) {
  SCOPED_TRACE(describe(c));
  RecurrenceFixture<double> analytic(cell, c);
  analytic.forward();
  analytic.backward();
  RecurrenceFixture<double> f(cell, c);
  constexpr double start = RecurrenceFixture<double>::start_of_gradients;
  check_variables(f, x_variables(f, x_gradient_of(analytic)), "x");
  check_variables(f, variables(f.kernel, analytic.kernel_gradient, start), "kernel");
  check_variables(f, variables(f.recurrent_kernel, analytic.recurrent_kernel_gradient, start),
                  "recurrent_kernel");
  check_variables(f, variables(f.bias, analytic.bias_gradient, start), "bias");
  check_variables(f, variables(f.hidden, analytic.hidden_gradient), "initial hidden");
  check_variables(f, variables(f.cell, analytic.cell_gradient), "initial cell");
}

void check_trace(const CellKernels<double>& cell, const RecurrenceCase& c) {
  SCOPED_TRACE(describe(c));
  RecurrenceFixture<double> analytic(cell, c);
  analytic.forward();
  analytic.backward();
  RecurrenceFixture<double> f(cell, c);
  f.forward();
  const kernels::Recurrence<double> whole = f.run;
  const std::size_t size = static_cast<std::size_t>(f.state_size());
  for (std::int64_t t = 0; t < c.steps; ++t) {
    // Only the steps after t run again, from its state.
    f.run = from_step(whole, t + 1, c.steps - t - 1, cell.cells);
    f.run.state_slots = c.steps - t;
    const std::size_t slot = static_cast<std::size_t>(t + 1) * size;
    for (std::size_t i = 0; i < size; ++i) {
      double& place = f.hidden[slot + i];
      const double before = place;
      place = before + step_of_difference;
      const Outcome high = outcome_of(f);
      place = before - step_of_difference;
      const Outcome low = outcome_of(f);
      place = before;
      f.run.steps = c.steps;  // of the loss
      const double difference = loss_between(f, high, low) / (2 * step_of_difference);
      f.run.steps = c.steps - t - 1;
      expect_gradient(analytic.trace[slot - size + i], difference,
                      fmt::format("hidden state after step {}", t), i);
    }
    f.forward();
  }
}

void check_fast_against_readable(const Cell& cell, const RecurrenceCase& c) {
  SCOPED_TRACE(describe(c));
  const Results<double> expected = run_both_ways(cell.readable, c);
  Results<float> fused;
  for (const std::string& isa : kernels::available_isas()) {
    SCOPED_TRACE(isa);
    const IsaForNow guard(isa);
    const Results<float> got = run_both_ways(cell.fast, c);
    ASSERT_EQ(got.size(), expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      if (got[i].values.empty() && expected[i].values.empty()) continue;
      expect_near(got[i], expected[i], tolerance(c, got[i].backward));
    }
    if (isa == "baseline") continue;
    if (fused.empty()) fused = got;
    expect_same_bits(got, fused);
  }
}

void check_bits(const CellKernels<float>& cell, std::uint32_t expected) {
  for (const std::string& isa : kernels::available_isas()) {
    if (isa == "baseline") continue;
    const IsaForNow guard(isa);
    std::uint32_t sum = 0;
    for (const RecurrenceCase& c : shape_cases()) {
      if (c.activation != Activation::tanh) continue;
      for (const Result<float>& result : run_both_ways(cell, c)) {
        const auto* bytes = reinterpret_cast<const char*>(result.values.data());
        sum = crc32c({bytes, result.values.size() * sizeof(float)}, sum);
      }
    }
    EXPECT_EQ(sum, expected) << fmt::format("{}: {:#x}", isa, sum);
  }
}

template <class Real>
void check_slices(const CellKernels<Real>& cell, const RecurrenceCase& c) {
  SCOPED_TRACE(describe(c));
  on_every_isa<Real>([&] {
    const Results<Real> whole = run_both_ways(cell, c);
    for (const std::int64_t pieces : {std::int64_t{2}, std::int64_t{3}, std::int64_t{5}, c.rows}) {
      SCOPED_TRACE(fmt::format("{} pieces", pieces));
      expect_same_bits(run_both_ways(cell, c, pieces, pieces), whole);
    }
    SCOPED_TRACE("every unit by itself");
    expect_same_bits(run_both_ways(cell, c, 1, c.units), whole);
    for (const std::int64_t shares : {1, 2, 3}) {
      SCOPED_TRACE(fmt::format("units shared by {} threads", shares));
      RecurrenceFixture<Real> fixture(cell, c);
      if (cell.shares_units == nullptr || !cell.shares_units(fixture.run)) break;
      fixture.unit_shares = shares;
      expect_same_bits(run_both_ways(fixture), whole);
    }
  });
}

template <class Real>
void check_rows_alone(const CellKernels<Real>& cell, const RecurrenceCase& c) {
  SCOPED_TRACE(describe(c));
  on_every_isa<Real>([&] {
    RecurrenceFixture<Real> batch(cell, c);
    const RecurrenceFixture<Real> inputs(cell, c);  // as they were before the run
    run_both_ways(batch);
    for (std::int64_t n = 0; n < c.rows; ++n) {
      SCOPED_TRACE(fmt::format("row {}", n));
      RecurrenceCase one = c;
      one.rows = 1;
      RecurrenceFixture<Real> alone(cell, one);
      take_inputs(inputs, n, alone);
      run_both_ways(alone);
      const auto expect_same_row = [&](const Memory<Real>& got, const Memory<Real>& all,
                                       std::int64_t width, std::string_view what) {
        expect_same_bits(copied(got), row_of(copied(all), c.rows, width, n), what);
      };
      expect_same_row(alone.hidden, batch.hidden, c.units, "hidden states");
      expect_same_row(alone.cell, batch.cell, c.units, "cell states");
      expect_same_row(alone.trace, batch.trace, c.units, "trace");
      expect_same_row(alone.hidden_gradient, batch.hidden_gradient, c.units,
                      "gradient of initial hidden");
      expect_same_row(alone.cell_gradient, batch.cell_gradient, c.units,
                      "gradient of initial cell");
      expect_same_bits(x_gradient_of(alone), row_of(x_gradient_of(batch), c.rows, c.features, n),
                       "gradient of x");
    }
  });
}

template <class Real>
void check_steps(const CellKernels<Real>& cell, const RecurrenceCase& c) {
  SCOPED_TRACE(describe(c));
  on_every_isa<Real>([&] {
    RecurrenceFixture<Real> whole(cell, c);
    whole.forward();
    for (const std::int64_t state_slots : {std::int64_t{2}, std::int64_t{3}, c.steps + 3}) {
      for (const std::int64_t tape_slots : {std::int64_t{1}, std::int64_t{2}, c.steps + 1}) {
        SCOPED_TRACE(fmt::format("{} slots of states, {} of the tape", state_slots, tape_slots));
        Inference<Real> inference(whole, state_slots, tape_slots);
        cell.forward(inference.run, {0, c.rows});
        const std::int64_t kept = std::min(state_slots, c.steps);
        for (std::int64_t t = c.steps; t > c.steps - kept; --t) {
          inference.expect_states_of(whole, t);
        }
      }
    }
    SCOPED_TRACE("step by step");
    Inference<Real> inference(whole, 2, 1);
    const kernels::Recurrence<Real> all = inference.run;
    for (std::int64_t t = 0; t < c.steps; ++t) {
      inference.run = from_step(all, 0, 1, cell.cells);
      inference.run.x.data += t * all.x.step_stride;
      if (all.mask != nullptr) inference.run.mask = all.mask + t * all.rows;
      cell.forward(inference.run, {0, c.rows});
      const std::int64_t size = whole.state_size();
      const auto first = whole.hidden.begin() + (t + 1) * size;
      expect_same_bits(
          std::vector<Real>(inference.run.hidden + size, inference.run.hidden + 2 * size),
          std::vector<Real>(first, first + size), fmt::format("hidden state after step {}", t));
      inference.start_from_slot(1);
    }
  });
}

template <class Real>
void check_masked_steps(const CellKernels<Real>& cell, const RecurrenceCase& c) {
  SCOPED_TRACE(describe(c));
  on_every_isa<Real>([&] {
    RecurrenceFixture<Real> f(cell, c);
    RecurrenceFixture<Real> other(cell, c);  // other numbers where no step counts
    const Results<Real> results = run_both_ways(f);
    // Row n of all `count` states in a slot.
    const auto state = [&](const Memory<Real>& states, std::int64_t count, std::int64_t slot,
                           std::int64_t n) {
      const std::int64_t size = count * f.state_size();
      const auto first = states.begin() + slot * size;
      return row_of(std::vector<Real>(first, first + size), c.rows, c.units, n);
    };
    for (std::int64_t t = 0; t < c.steps; ++t) {
      for (std::int64_t n = 0; n < c.rows; ++n) {
        if (counts(c, t, n)) continue;
        SCOPED_TRACE(fmt::format("step {}, row {}", t, n));
        expect_same_bits(state(f.hidden, 1, t + 1, n), state(f.hidden, 1, t, n), "hidden state");
        expect_same_bits(state(f.cell, cell.cells, t + 1, n), state(f.cell, cell.cells, t, n),
                         "cell states");
        Real* x = other.x.data() + (other.run.x.at(t, n) - other.x.data());
        for (std::int64_t k = 0; k < c.features; ++k) x[k] = 3 - x[k];
      }
    }
    expect_same_bits(run_both_ways(other), results);
  });
}

template <class Real>
void check_optional_gradients(const CellKernels<Real>& cell, const RecurrenceCase& c) {
  SCOPED_TRACE(describe(c));
  on_every_isa<Real>([&] {
    RecurrenceFixture<Real> all(cell, c);
    run_both_ways(all);
    RecurrenceFixture<Real> few(cell, c);
    few.gradient.trace = nullptr;
    few.gradient.x = {};
    few.gradient.bias = nullptr;
    few.forward();
    few.backward();
    expect_same_bits(copied(few.kernel_gradient), copied(all.kernel_gradient), "kernel");
    expect_same_bits(copied(few.recurrent_kernel_gradient), copied(all.recurrent_kernel_gradient),
                     "recurrent_kernel");
    expect_same_bits(copied(few.hidden_gradient), copied(all.hidden_gradient), "initial hidden");
    expect_same_bits(copied(few.cell_gradient), copied(all.cell_gradient), "initial cell");

    // No gradient from outside, or one of zeros.
    RecurrenceFixture<Real> zeros(cell, c);
    std::fill(zeros.output_gradient.begin(), zeros.output_gradient.end(), Real{0});
    run_both_ways(zeros);
    RecurrenceFixture<Real> none(cell, c);
    none.gradient.output = nullptr;
    none.forward();
    none.backward();
    EXPECT_EQ(copied(none.kernel_gradient), copied(zeros.kernel_gradient));
    EXPECT_EQ(copied(none.trace), copied(zeros.trace));
    EXPECT_EQ(copied(none.hidden_gradient), copied(zeros.hidden_gradient));
  });
}

template void check_slices(const CellKernels<float>&, const RecurrenceCase&);
template void check_slices(const CellKernels<double>&, const RecurrenceCase&);
template void check_rows_alone(const CellKernels<float>&, const RecurrenceCase&);
template void check_rows_alone(const CellKernels<double>&, const RecurrenceCase&);
template void check_steps(const CellKernels<float>&, const RecurrenceCase&);
template void check_steps(const CellKernels<double>&, const RecurrenceCase&);
template void check_masked_steps(const CellKernels<float>&, const RecurrenceCase&);
template void check_masked_steps(const CellKernels<double>&, const RecurrenceCase&);
template void check_optional_gradients(const CellKernels<float>&, const RecurrenceCase&);
template void check_optional_gradients(const CellKernels<double>&, const RecurrenceCase&);

void check_products_ahead(const Cell& cell) {
  // One row, in more steps than are made ahead, and a few rows.
  const RecurrenceCase one{.steps = 35, .rows = 1, .features = 700, .units = 70};
  const RecurrenceCase few{.steps = 12,
                           .rows = 12,
                           .features = 700,
                           .units = 70,
                           .bias = false,
                           .backwards = true,
                           .masking = Masking::holes};
  for (const RecurrenceCase& c : {one, few}) {
    check_fast_against_readable(cell, c);
    check_slices(cell.fast, c);
    check_rows_alone(cell.fast, c);
    check_steps(cell.fast, c);
    check_masked_steps(cell.fast, c);
  }
}

}  // namespace chronicler::test
