// Random formulas: what runs is the twin, and its derivative that of the twin.
#include "layers/formula/derivative.h"

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "chronicler/base/random.h"
#include "chronicler/layers/layers.h"
#include "layers/formula/evaluation.h"
#include "support/conformance.h"

namespace chronicler::formula {
namespace {

constexpr std::int64_t rows = 2;
constexpr std::int64_t steps = 3;
constexpr std::int64_t features = 3;
constexpr std::int64_t units = 4;

// Writes formulas; the same for a seed.
class Writer {
 public:
  explicit Writer(std::uint64_t seed) : random_(seed) {}

  std::string formula() {
    std::string text;
    const int before = pick(3);
    for (int i = 0; i < before; ++i) {
      const std::string name = fmt::format("v{}", i);
      text += fmt::format("{} = {}\n", name, expression(2));
      values_.push_back(name);
    }
    if (pick(2) == 0) text += fmt::format("c = 0.5 c + tanh({})\n", expression(2));
    text += fmt::format("h = tanh({} + X x + H h)", expression(3));
    if (pick(3) == 0) text += fmt::format("; y = h + 0.3 {}", factor(2));
    return text;
  }

 private:
  int pick(int count) {
    return static_cast<int>(random_.below(static_cast<std::uint64_t>(count), 0, at_++));
  }

  std::string expression(int depth) {
    std::string text = term(depth);
    for (int more = pick(3); more > 0; --more) text += (pick(2) == 0 ? " + " : " - ") + term(depth);
    return text;
  }
  std::string term(int depth) {
    switch (pick(4)) {
      case 0:
        return factor(depth) + " * " + factor(depth);
      case 1:
        return fmt::format("{} / (2 + square({}))", factor(depth), factor(depth - 1));
      case 2:
        return "0.7 " + value(depth);
      default:
        return factor(depth);
    }
  }
  std::string factor(int depth) {
    static const std::array<const char*, 15> functions{
        "tanh", "sigmoid", "sin",  "cos",    "elu",      "softplus",     "abs",       "silu",
        "gelu", "mish",    "relu", "square", "softsign", "hard_sigmoid", "leaky_relu"};
    if (depth <= 0) return value(0);
    switch (pick(7)) {
      case 0:
        return fmt::format("({})", expression(depth - 1));
      case 1:
        return fmt::format("-{}", value(depth));
      case 2:
        return fmt::format("max({}, {})", value(depth), value(0));
      case 3:
        return fmt::format("sqrt(1 + square({}))", value(depth - 1));
      case 4:
        return fmt::format("exp(-abs({}))", value(depth - 1));
      default:
        return fmt::format("{}({})", functions[static_cast<std::size_t>(pick(15))],
                           expression(depth - 1));
    }
  }
  std::string value(int depth) {
    switch (pick(8)) {
      case 0:
        return fmt::format("X{} x", pick(3));
      case 1:
        return fmt::format("M{} h", pick(3));
      case 2:
        return fmt::format("M{} c", pick(3));
      case 3:
        return fmt::format("r{}", pick(4));
      case 4:
        if (depth > 0) return fmt::format("M{} ({})", pick(3), expression(depth - 1));
        [[fallthrough]];
      case 5:
        if (!values_.empty())
          return values_[static_cast<std::size_t>(pick(static_cast<int>(values_.size())))];
        [[fallthrough]];
      case 6:
        return "h";
      default:
        return "(1 - sigmoid(r0))";
    }
  }

  Random random_;
  std::uint64_t at_ = 0;
  std::vector<std::string> values_;
};

// A cell, what it is given, and its twin.
struct Trial {
  CellFormula twin;
  LayerPtr rnn;
  test::LayerInput input;
  Tensor flowing;

  Trial(const std::string& text, DType dtype) : twin(read_formula(text)) {
    rnn = layers::RNN({.cell = layers::Cell(
                           {.units = units, .formula = text, .dtype = std::string(name_of(dtype))}),
                       .return_sequences = true});
    input.x = test::noise({rows, steps, features}, 1, dtype);
    for (std::size_t i = 0; i < twin.states.size(); ++i)
      input.states.push_back(test::noise({rows, units}, 2 + i, dtype));
    rnn->build(std::span(&input.x.shape(), 1));
    test::randomize_weights(*rnn, 3);
    flowing = test::noise({rows, steps, units}, 4, dtype);
  }

  std::vector<Tensor*> tensors() {
    std::vector<Tensor*> all{&input.x};
    for (Tensor& state : input.states) all.push_back(&state);
    for (Parameter& parameter : rnn->parameters()) all.push_back(&parameter.value);
    return all;
  }

  std::vector<double> outputs_of_twin() const {
    std::vector<Numbers> weights;
    for (const Parameter& each : std::as_const(*rnn).parameters())
      weights.push_back(test::numbers(each.value));
    const Numbers x = test::numbers(input.x);
    std::vector<double> all;
    for (std::int64_t row = 0; row < rows; ++row) {
      std::vector<Numbers> states;
      for (const Tensor& state : input.states) {
        const Numbers of_all = test::numbers(state);
        states.emplace_back(of_all.begin() + row * units, of_all.begin() + (row + 1) * units);
      }
      for (std::int64_t step = 0; step < steps; ++step) {
        const auto at = x.begin() + (row * steps + step) * features;
        StepValues after = evaluate_step(twin, weights, Numbers(at, at + features), states);
        states = std::move(after.states);
        all.insert(all.end(), after.output.begin(), after.output.end());
      }
    }
    return all;
  }
  double loss_of_twin() const {
    const std::vector<double> y = outputs_of_twin();
    const std::vector<double> weights = test::numbers(flowing);
    double sum = 0.0;
    for (std::size_t i = 0; i < y.size(); ++i) sum += weights[i] * y[i];
    return sum;
  }
};

void check_outputs(Trial& trial, double tolerance) {
  const std::vector<double> expected = trial.outputs_of_twin();
  const std::vector<double> got = test::numbers(run_layer(*trial.rnn, trial.input).values[0]);
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_NEAR(got[i], expected[i], tolerance * std::max(1.0, std::abs(expected[i])))
        << "output " << i;
  }
}

// Along random directions of each tensor by itself. At a kink of the formula differences of two
// step sizes are unlike: nothing is asked there.
void check_gradient(Trial& trial, double tolerance) {
  const test::LayerGradient gradient = differentiate(*trial.rnn, trial.input, {trial.flowing});
  std::vector<Tensor> slopes = gradient.inputs;
  slopes.insert(slopes.end(), gradient.weights.begin(), gradient.weights.end());
  const std::vector<Tensor*> tensors = trial.tensors();
  ASSERT_EQ(slopes.size(), tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const std::vector<double> way = test::numbers(test::noise(tensors[i]->shape(), 40 + i));
    const std::vector<double> own = test::numbers(slopes[i]);
    double slope = 0.0;
    for (std::size_t j = 0; j < way.size(); ++j) slope += way[j] * own[j];
    const auto difference = [&](double size) {
      double* numbers = tensors[i]->as<double>();
      const std::vector<double> before(numbers, numbers + way.size());
      for (std::size_t j = 0; j < way.size(); ++j) numbers[j] = before[j] + size * way[j];
      const double above = trial.loss_of_twin();
      for (std::size_t j = 0; j < way.size(); ++j) numbers[j] = before[j] - size * way[j];
      const double below = trial.loss_of_twin();
      std::copy(before.begin(), before.end(), numbers);
      return (above - below) / (2 * size);
    };
    const double scale = std::max(1.0, std::abs(slope));
    const double expected = difference(1e-6);
    if (std::abs(difference(4e-6) - expected) > 1e-6 * scale) continue;
    EXPECT_NEAR(slope, expected, tolerance * scale) << "tensor " << i;
  }
}

TEST(Derivative, OfRandomFormulasIsThatOfTheTwin) {
  int checked = 0;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    const std::string text = Writer(seed).formula();
    SCOPED_TRACE(text);
    try {
      read_formula(text);
    } catch (const Error& error) {
      // By chance a value is not used, or a matrix multiplies weights alone.
      const std::string what = error.what();
      EXPECT_TRUE(what.find("never used") != std::string::npos ||
                  what.find("is not used") != std::string::npos ||
                  what.find("is never assigned") != std::string::npos ||
                  what.find("weights alone") != std::string::npos)
          << what;
      continue;
    }
    ++checked;
    Trial trial(text, DType::float64);
    check_outputs(trial, 1e-11);
    check_gradient(trial, 2e-6);
    Trial fast(text, DType::float32);
    check_outputs(fast, 2e-4);
    if (HasFailure()) return;
  }
  EXPECT_GT(checked, 40);
}

}  // namespace
}  // namespace chronicler::formula
