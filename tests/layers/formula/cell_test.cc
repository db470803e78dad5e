#include "chronicler/layers/cell.h"

#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "layers/formula/evaluation.h"
#include "layers/recurrent/cut_choice.h"
#include "layers/recurrent/keep_plan.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::close_to;
using test::differentiate;
using test::error_of;
using test::noise;
using test::run_layer;
using test::same_bits;

const char* const lstm_formula = R"(
    i = sigmoid(W_i x + U_i h + b_i)
    f = sigmoid(W_f x + U_f h + b_f)
    g = tanh(W_g x + U_g h + b_g)
    o = sigmoid(W_o x + U_o h + b_o)
    c = f c + i g
    h = o tanh(c))";
const char* const gru_formula = R"(
    z = sigmoid(W_z x + U_z h + b_z)
    r = sigmoid(W_r x + U_r h + b_r)
    g = tanh(W x + b + r (U h + d))
    h = z h + (1 - z) g)";
const char* const gru_before_formula = R"(
    z = sigmoid(W_z x + U_z h + b_z)
    r = sigmoid(W_r x + U_r h + b_r)
    g = tanh(W x + U (r h) + b)
    h = z h + (1 - z) g)";

// A layer and a formula that is to be the same. blocks: of the layer's gate blocks, the weights of
// the formula as its weights have them, matrix of x, matrix of h, row.
struct Pair {
  LayerPtr layer;
  LayerPtr formula;
  std::vector<std::string> gates;  // in the layer's order: the suffix of the weights' names
};

Parameter& weight_named(Layer& layer, const std::string& name) {
  for (std::size_t i = 0; i < layer.parameters().size(); ++i) {
    if (layer.parameters()[i].name == name) return layer.parameters()[i];
  }
  throw Error("no weight " + name);
}

// Between gate block `gate` of `blocks` side by side in `all` and a weight of its own.
template <class Copy>
void for_gate(const TensorView& all, std::int64_t row, std::int64_t gate, std::int64_t gates,
              const TensorView& own, const Copy& copy_one) {
  const std::int64_t units = own.shape()[-1 + own.shape().rank()];
  const std::int64_t rows = own.size() / units;
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t u = 0; u < units; ++u) {
      const std::int64_t at = (row + i) * gates * units + gate * units + u;
      if (all.dtype() == DType::float32) {
        copy_one(all.as<float>()[at], own.as<float>()[i * units + u]);
      } else {
        copy_one(all.as<double>()[at], own.as<double>()[i * units + u]);
      }
    }
  }
}

struct Place {
  std::size_t weight;  // of the layer
  std::int64_t row;
  std::int64_t gate;
  std::string name;  // in the formula
};

std::vector<Place> places_of(const std::string& kind) {
  std::vector<Place> places;
  const std::vector<std::string> suffixes = kind == "lstm"
                                                ? std::vector<std::string>{"_i", "_f", "_g", "_o"}
                                                : std::vector<std::string>{"_z", "_r", ""};
  for (std::int64_t gate = 0; gate < static_cast<std::int64_t>(suffixes.size()); ++gate) {
    const std::string& suffix = suffixes[static_cast<std::size_t>(gate)];
    places.push_back({0, 0, gate, "W" + suffix});
    places.push_back({1, 0, gate, "U" + suffix});
    places.push_back({2, 0, gate, "b" + suffix});
  }
  if (kind == "gru") places.push_back({2, 1, 2, "d"});
  return places;
}

void expect_equal(const std::string& kind, const LayerPtr& layer, const LayerPtr& formula,
                  const test::LayerInput& input, double tolerance) {
  const std::int64_t gates = kind == "lstm" ? 4 : 3;
  layer->build(std::span(&input.x.shape(), 1));
  formula->build(std::span(&input.x.shape(), 1));
  test::randomize_weights(*layer, 3);
  if (kind == "gru") {  // a formula has one bias for z, and one for r
    Parameter& bias = layer->parameters()[2];
    const std::int64_t units = bias.value.shape()[1] / 3;
    for (std::int64_t i = 0; i < 2 * units; ++i) {
      if (bias.value.dtype() == DType::float32) {
        bias.value.as<float>()[3 * units + i] = 0.0F;
      } else {
        bias.value.as<double>()[3 * units + i] = 0.0;
      }
    }
  }
  for (const Place& place : places_of(kind)) {
    for_gate(layer->parameters()[place.weight].value, place.row, place.gate, gates,
             weight_named(*formula, place.name).value,
             [](const auto& from, auto& to) { to = from; });
  }
  const test::LayerOutput expected = run_layer(*layer, input);
  const test::LayerOutput got = run_layer(*formula, input);
  ASSERT_EQ(got.values.size(), expected.values.size());
  std::vector<Tensor> flowing;
  for (std::size_t i = 0; i < got.values.size(); ++i) {
    EXPECT_TRUE(close_to(got.values[i], expected.values[i], tolerance)) << "output " << i;
    flowing.push_back(noise(got.values[i].shape(), 20 + i, got.values[i].dtype()));
  }
  const test::LayerGradient right = differentiate(*layer, input, flowing);
  const test::LayerGradient gradient = differentiate(*formula, input, flowing);
  ASSERT_EQ(gradient.inputs.size(), right.inputs.size());
  const double steps = static_cast<double>(input.x.shape()[1] * input.x.shape()[0]);
  for (std::size_t i = 0; i < gradient.inputs.size(); ++i)
    EXPECT_TRUE(close_to(gradient.inputs[i], right.inputs[i], 4 * tolerance)) << "input " << i;
  for (const Place& place : places_of(kind)) {
    std::size_t index = 0;
    while (formula->parameters()[index].name != place.name) ++index;
    double worst = 0.0;
    for_gate(right.weights[place.weight], place.row, place.gate, gates, gradient.weights[index],
             [&](const auto& from, const auto& to) {
               worst =
                   std::max(worst, std::abs(static_cast<double>(from) - static_cast<double>(to)));
             });
    EXPECT_LT(worst, steps * tolerance) << place.name;
  }
}

layers::RNNOptions loop(const std::string& formula, std::int64_t units, const std::string& dtype) {
  return {.cell = layers::Cell({.units = units, .formula = formula, .dtype = dtype}),
          .return_sequences = true,
          .return_state = true};
}

TEST(Cell, OfAnLSTMIsTheLayer) {
  for (const std::string dtype : {"float32", "float64"}) {
    const double tolerance = dtype == "float32" ? 1e-6 : 1e-14;
    for (const std::int64_t units : {3, 16, 40, 130}) {
      SCOPED_TRACE(units);
      const DType type = dtype_from_name(dtype);
      test::LayerInput input{noise({5, 7, 6}, 1, type)};
      input.states = {noise({5, units}, 2, type), noise({5, units}, 3, type)};
      expect_equal(
          "lstm",
          layers::LSTM(
              {.units = units, .return_sequences = true, .return_state = true, .dtype = dtype}),
          layers::RNN(loop(lstm_formula, units, dtype)), input, tolerance);
    }
  }
}

TEST(Cell, OfAGRUIsTheLayer) {
  for (const std::string dtype : {"float32", "float64"}) {
    const double tolerance = dtype == "float32" ? 1e-6 : 1e-14;
    for (const bool reset_after : {true, false}) {
      for (const std::int64_t units : {3, 16, 70}) {
        SCOPED_TRACE(units);
        test::LayerInput input{noise({3, 9, 4}, 1, dtype_from_name(dtype))};
        input.states = {noise({3, units}, 2, dtype_from_name(dtype))};
        expect_equal(
            reset_after ? "gru" : "gru_before",
            layers::GRU({.units = units,
                         .return_sequences = true,
                         .return_state = true,
                         .reset_after = reset_after,
                         .dtype = dtype}),
            layers::RNN(loop(reset_after ? gru_formula : gru_before_formula, units, dtype)), input,
            tolerance);
      }
    }
  }
}

TEST(Cell, KeepsToTheMaskAsTheLayers) {
  for (const bool backwards : {false, true}) {
    test::LayerInput input{noise({4, 5, 3}, 1), test::mask_from("11111/11000/01101/00000")};
    // What does not count may be anything.
    for (std::int64_t i = 0; i < 3; ++i) input.x.as<float>()[(1 * 5 + 3) * 3 + i] = NAN;
    layers::LSTMOptions options{.units = 6, .return_sequences = true, .return_state = true};
    options.go_backwards = backwards;
    layers::RNNOptions rnn = loop(lstm_formula, 6, "float32");
    rnn.go_backwards = backwards;
    expect_equal("lstm", layers::LSTM(options), layers::RNN(rnn), input, 1e-6);
    options.return_sequences = rnn.return_sequences = false;
    rnn.cell = layers::Cell({.units = 6, .formula = lstm_formula});
    expect_equal("lstm", layers::LSTM(options), layers::RNN(rnn), input, 1e-6);
  }
}

// The twin, step by step, against the layer; the layer's gradient against differences of the twin.
void expect_twin(const std::string& text, std::int64_t features, std::int64_t units) {
  SCOPED_TRACE(text);
  const formula::CellFormula twin = formula::read_formula(text);
  const LayerPtr rnn = layers::RNN(loop(text, units, "float64"));
  const std::int64_t steps = 4;
  test::LayerInput input{noise({2, steps, features}, 7, DType::float64)};
  for (std::size_t i = 0; i < twin.states.size(); ++i)
    input.states.push_back(noise({2, units}, 8 + i, DType::float64));
  rnn->build(std::span(&input.x.shape(), 1));
  test::randomize_weights(*rnn, 5);

  const auto run_twin = [&] {
    std::vector<formula::Numbers> weights;
    for (const Parameter& each : rnn->parameters()) weights.push_back(test::numbers(each.value));
    std::vector<double> all;
    for (std::int64_t row = 0; row < 2; ++row) {
      std::vector<formula::Numbers> states;
      for (const Tensor& state : input.states) {
        const double* from = state.as<double>() + row * units;
        states.emplace_back(from, from + units);
      }
      for (std::int64_t step = 0; step < steps; ++step) {
        const double* x = input.x.as<double>() + (row * steps + step) * features;
        formula::StepValues after =
            formula::evaluate_step(twin, weights, formula::Numbers(x, x + features), states);
        states = std::move(after.states);
        all.insert(all.end(), after.output.begin(), after.output.end());
      }
    }
    return all;
  };
  const Tensor y = run_layer(*rnn, input).values[0].clone();
  const std::vector<double> expected = run_twin();
  const std::vector<double> got = test::numbers(y);
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], 1e-12);

  const Tensor flowing = noise(y.shape(), 9, DType::float64);
  std::vector<Tensor> flows{flowing};
  flows.resize(1 + twin.states.size());
  const test::LayerGradient gradient = differentiate(*rnn, input, flows);
  const auto loss = [&] {
    const std::vector<double> values = run_twin();
    double sum = 0.0;
    for (std::size_t i = 0; i < values.size(); ++i) sum += values[i] * flowing.as<double>()[i];
    return sum;
  };
  const auto check = [&](Tensor& tensor, const Tensor& slopes, const std::string& name) {
    for (std::int64_t i = 0; i < tensor.size(); ++i) {
      double& number = tensor.as<double>()[i];
      const double before = number;
      constexpr double step = 1e-6;
      number = before + step;
      const double above = loss();
      number = before - step;
      const double below = loss();
      number = before;
      const double slope = (above - below) / (2 * step);
      EXPECT_NEAR(slopes.as<double>()[i], slope, 2e-7 * std::max(1.0, std::abs(slope)))
          << name << " " << i;
    }
  };
  check(input.x, gradient.inputs[0], "x");
  for (std::size_t i = 0; i < input.states.size(); ++i)
    check(input.states[i], gradient.inputs[1 + i], twin.states[i].name);
  for (std::size_t i = 0; i < rnn->parameters().size(); ++i)
    check(rnn->parameters()[i].value, gradient.weights[i], rnn->parameters()[i].name);
}

TEST(Cell, IsItsFormula) {
  for (const char* const text : {
           lstm_formula,
           gru_formula,
           gru_before_formula,
           "h = tanh(W x + U h + b)",
           "h = W x + U h",                                        // no elementwise part
           "h = a h + W x",                                        // no product with the state
           "h = sigmoid(a) h + sqrt(1 - square(sigmoid(a))) W x",  // of weights alone
           "z = sigmoid(W_z x + b_z); h = (1 - z) h + z V tanh(W x + d)",    // of x alone, twice
           "q = h; h = tanh(W x + U h + V p); p = q",                        // a delay
           "h = tanh(W x + U h + p * c); c = 0.9 c + 0.1 h; y = V h + K c",  // an output of its own
           "z = sigmoid(W x + U h); h = max(min(z, h), 0.2 h) - abs(h) / (2 + z^2)",
           "h = -U h + W x - 2 sin(V h) + cos(K x) + exp(-abs(h)) - log(2 + h * h)",
           "h = elu(W x + U h) softplus(h) + silu(U h) + hard_sigmoid(h) - relu(h + b)",
           "a = U h; h = tanh(a + W x); y = h + a",  // a product that two read
           "h = tanh(W x + U h) + 0.5 tanh(U h + W x + b) + U c; c = U h + a * b * c",
           "p = W x; h = tanh(p + U h + V q); q = p",  // a state of x alone
           "h = tanh(U (V (h * s) + W x) + b)",
           "c = c / (1 + abs(c)) + W x; y = c",
       }) {
    expect_twin(text, 3, 4);
  }
  // x itself, where there are as many features as units.
  expect_twin("h = (1 - z) h + z x; z = sigmoid(W x + U h)", 4, 4);
  expect_twin("h = x h + W (x * s + 1) + U h", 4, 4);
  // Functions of x, as wide as x.
  expect_twin("h = tanh(W (s * tanh(x) + d) + U h)", 3, 4);
}

TEST(Cell, GivesTheSameBitsForAnyNumberOfThreads) {
  struct Shared {
    const char* formula;
    bool sequences;
    std::int64_t rows;
    Cut cut;
  };
  const char* const own_output = "h = tanh(W x + U h + b); y = V h + 0.5 Q (h * h)";
  for (const Shared& shared :
       {Shared{lstm_formula, true, 1, Cut::units}, Shared{own_output, false, 1, Cut::units},
        Shared{"h = W x + 0.1 U h + 0.1 V tanh(h)", true, 1, Cut::units},
        Shared{own_output, false, 3, Cut::rows}, Shared{lstm_formula, true, 40, Cut::rows}}) {
    SCOPED_TRACE(::testing::Message() << shared.formula << ", " << shared.rows << " rows");
    force_cut(shared.cut);
    const LayerPtr rnn =
        layers::RNN({.cell = layers::Cell({.units = 260, .formula = shared.formula}),
                     .return_sequences = shared.sequences});
    const test::LayerInput input{noise({shared.rows, 5, 5}, 1)};
    rnn->build(std::span(&input.x.shape(), 1));
    test::randomize_weights(*rnn, 5);
    Runtime one(1);
    Runtime two(2);
    const Tensor y = run_layer(*rnn, input, {.runtime = &one}).values[0];
    EXPECT_TRUE(same_bits(run_layer(*rnn, input, {.runtime = &two}).values[0], y));
    const std::vector<Tensor> flowing{noise(y.shape(), 2)};
    const test::LayerGradient alone = differentiate(*rnn, input, flowing, {.runtime = &one});
    const test::LayerGradient both = differentiate(*rnn, input, flowing, {.runtime = &two});
    EXPECT_TRUE(same_bits(both.inputs[0], alone.inputs[0]));
    for (std::size_t i = 0; i < both.weights.size(); ++i)
      EXPECT_TRUE(same_bits(both.weights[i], alone.weights[i])) << "weight " << i;
  }
  choose_cuts();
}

// What is kept of the steps, and what is computed again, changes no bit.
TEST(Cell, RunsInABudgetOfMemory) {
  const std::int64_t rows = 20;  // a window is of 13 steps
  const std::int64_t steps = 200;
  const char* const text =
      "z = sigmoid(W_z x + U_z h + p * c); c = (1 - z) c + z V tanh(K x); "
      "h = tanh(c + U (z h)) + 0.1 h; y = h + Q h";
  Tensor mask({rows, steps}, DType::boolean);
  for (std::int64_t i = 0; i < mask.size(); ++i)
    mask.as<std::uint8_t>()[i] = static_cast<std::uint8_t>(i / steps % 3 == 0 || i % 7 != 3);
  for (std::int64_t t = 0; t < steps; ++t) mask.as<std::uint8_t>()[steps + t] = t < 60 ? 1 : 0;
  for (const bool sequences : {false, true}) {
    for (const bool masked : {false, true}) {
      SCOPED_TRACE(::testing::Message() << "sequences " << sequences << ", masked " << masked);
      layers::RNNOptions options = loop(text, 6, "float32");
      options.return_sequences = sequences;
      options.return_state = options.go_backwards = masked;
      const LayerPtr rnn = layers::RNN(options);
      test::LayerInput input{noise({rows, steps, 4}, 1)};
      if (masked) input.mask = mask;
      input.states = {noise({rows, 6}, 2), noise({rows, 6}, 3)};
      rnn->build(std::span(&input.x.shape(), 1));
      test::randomize_weights(*rnn, 5);
      std::vector<Tensor> flowing;
      for (const Tensor& value : run_layer(*rnn, input).values)
        flowing.push_back(noise(value.shape(), 21 + flowing.size()));
      const auto kept = rnn->kept_steps(std::span(&input.x.shape(), 1));
      ASSERT_TRUE(kept);
      const std::int64_t together = steps_together(*rnn, rows);
      EXPECT_EQ(together, 13);
      const std::int64_t least = least_bytes(*kept, together);
      test::LayerMode mode{.observe = true};
      const test::LayerGradient whole = differentiate(*rnn, input, flowing, mode);
      for (const std::int64_t bytes :
           {least, (3 * least + most_bytes(*kept)) / 4, most_bytes(*kept) - 1}) {
        SCOPED_TRACE(bytes);
        EXPECT_FALSE(keep_plan(*kept, together, bytes).keeps_all());
        mode.keep_bytes = bytes;
        const test::LayerGradient some = differentiate(*rnn, input, flowing, mode);
        for (std::size_t i = 0; i < whole.inputs.size(); ++i)
          EXPECT_TRUE(same_bits(some.inputs[i], whole.inputs[i])) << "input " << i;
        for (std::size_t i = 0; i < whole.weights.size(); ++i)
          EXPECT_TRUE(same_bits(some.weights[i], whole.weights[i])) << "weight " << i;
        EXPECT_TRUE(same_bits(some.observed, whole.observed));
      }
    }
  }
}

TEST(Cell, SavesTheTapeInABudget) {
  const LayerPtr rnn = layers::RNN({.cell = layers::Cell({.units = 64, .formula = lstm_formula})});
  const test::LayerInput input{noise({8, 1000, 16}, 1)};
  const std::vector<Tensor> flowing{noise({8, 64}, 2)};
  const test::LayerGradient whole = differentiate(*rnn, input, flowing);
  const std::int64_t tape = most_bytes(*rnn->kept_steps(std::span(&input.x.shape(), 1)));
  const test::LayerGradient some = differentiate(*rnn, input, flowing, {.keep_bytes = tape / 10});
  for (std::size_t i = 0; i < whole.weights.size(); ++i)
    EXPECT_TRUE(same_bits(some.weights[i], whole.weights[i]));
  EXPECT_GE(static_cast<double>(whole.memory - some.memory), 0.85 * static_cast<double>(tape));
}

}  // namespace
}  // namespace chronicler
