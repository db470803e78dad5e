#include "chronicler/insight/gradient_flow.h"

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/random.h"
#include "chronicler/layers/layers.h"
#include "chronicler/model/functional.h"
#include "chronicler/model/model.h"
#include "chronicler/training/fit.h"
#include "support/conformance.h"

namespace chronicler::insight {
namespace {

using test::error_of;
using test::LayerInput;
using test::noise;
using test::numbers;
using test::same_bits;

// h(t) = x(t) + 0.5 h(t-1): the gradient halves with every step back.
Sequential halving(bool return_sequences = false) {
  Sequential model({layers::SimpleRNN({.units = 1,
                                       .activation = "linear",
                                       .return_sequences = return_sequences,
                                       .name = "memory",
                                       .input_shape = {None, 1}})});
  model.set_weights({Tensor({1, 1}, std::vector<float>{1.0F}),
                     Tensor({1, 1}, std::vector<float>{0.5F}),
                     Tensor({1}, std::vector<float>{0.0F})});
  return model;
}

TEST(GradientFlow, IsThePowerOfALinearUnit) {
  Sequential model = halving();
  const Tensor x({2, 3, 1}, std::vector<float>{1, 2, 3, 0, 0, 1});
  const Tensor y({2, 1}, std::vector<float>{0, 2});
  const std::vector<GradientFlow> flow = gradient_flow(model, x, y, {.loss = "mse"});
  ASSERT_EQ(flow.size(), 1U);
  EXPECT_EQ(flow[0].layer, "memory");
  ASSERT_EQ(flow[0].norm.size(), 3U);
  // h = 4.25 and 1, so |dL/dh| = 2 |h - y| = 8.5 and 2: 5.25 in the mean.
  EXPECT_NEAR(flow[0].norm[0], 5.25, 1e-6);
  EXPECT_NEAR(flow[0].norm[1], 5.25 / 2.0, 1e-6);
  EXPECT_NEAR(flow[0].norm[2], 5.25 / 4.0, 1e-6);
}

TEST(GradientFlow, CountsOnlyTheLastAnswerOfASequence) {
  Sequential last = halving();
  Sequential every = halving(true);
  const Tensor x = noise({3, 4, 1}, 1);
  const Tensor answers = noise({3, 4, 1}, 2);
  Tensor answer({3, 1});
  for (std::size_t i = 0; i < 3; ++i) answer.span<float>()[i] = answers.span<float>()[i * 4 + 3];
  const std::vector<double> expected = gradient_flow(last, x, answer, {.loss = "mse"})[0].norm;
  const std::vector<double> got = gradient_flow(every, x, answers, {.loss = "mse"})[0].norm;
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t k = 0; k < got.size(); ++k) EXPECT_NEAR(got[k], expected[k], 1e-6) << k;
}

// ---- against finite differences, in double: two recurrent layers and a softmax

struct Stack {
  LayerPtr lower;
  LayerPtr upper;
  LayerPtr head = layers::Dense({.units = 3, .activation = "softmax", .dtype = "float64"});
  Tensor x = noise({2, 6, 3}, 1, DType::float64);
  Tensor y{{2, 3}, std::vector<double>{1, 0, 0, 0, 0, 1}};
};

Tensor steps_of(const Tensor& sequence, std::int64_t begin, std::int64_t end) {
  const Shape& shape = sequence.shape();
  Tensor part({shape[0], end - begin, shape[2]}, sequence.dtype());
  const auto size = static_cast<std::size_t>((end - begin) * shape[2]);
  for (std::int64_t n = 0; n < shape[0]; ++n) {
    std::memcpy(part.as<double>() + static_cast<std::size_t>(n) * size,
                sequence.as<double>() + (n * shape[1] + begin) * shape[2], size * sizeof(double));
  }
  return part;
}

// A layer's outputs over a sequence when its output h at one step is moved by `moves` (B, U) after
// the step: later steps start from the moved state.
Tensor moved_sequence(Layer& layer, const Tensor& x, std::int64_t step, const Tensor& moves) {
  const std::int64_t steps = x.shape()[1];
  State state;
  const Tensor before =
      test::run_layer(layer, {steps_of(x, 0, step + 1)}, {}, &state).values.front();
  for (std::int64_t i = 0; i < moves.size(); ++i) state[0].as<double>()[i] += moves.as<double>()[i];
  Tensor after;
  const State moved = clone_state(state);
  if (step + 1 < steps)
    after = test::run_layer(layer, {steps_of(x, step + 1, steps)}, {}, &state).values.front();

  const std::int64_t units = moves.shape()[1];
  Tensor all({x.shape()[0], steps, units}, DType::float64);
  for (std::int64_t n = 0; n < x.shape()[0]; ++n) {
    for (std::int64_t t = 0; t < steps; ++t) {
      const double* from =
          t < step    ? before.as<double>() + (n * (step + 1) + t) * units
          : t == step ? moved[0].as<double>() + n * units
                      : after.as<double>() + (n * (steps - step - 1) + t - step - 1) * units;
      std::memcpy(all.as<double>() + (n * steps + t) * units, from,
                  static_cast<std::size_t>(units) * sizeof(double));
    }
  }
  return all;
}

// Cross-entropy of sequence n, from the upper layer's outputs.
double loss_of(const Stack& stack, const Tensor& outputs, std::int64_t n) {
  const std::int64_t steps = outputs.shape()[1];
  const std::int64_t units = outputs.shape()[2];
  Tensor last({outputs.shape()[0], units}, DType::float64);
  for (std::int64_t row = 0; row < outputs.shape()[0]; ++row) {
    std::memcpy(last.as<double>() + row * units,
                outputs.as<double>() + (row * steps + steps - 1) * units,
                static_cast<std::size_t>(units) * sizeof(double));
  }
  const Tensor p = test::run_layer(*stack.head, {last}).values.front();
  double loss = 0.0;
  for (std::int64_t c = 0; c < 3; ++c)
    loss -= stack.y.as<double>()[n * 3 + c] * std::log(p.as<double>()[n * 3 + c]);
  return loss;
}

double moved_loss(const Stack& stack, bool lower, std::int64_t step, std::int64_t n,
                  std::int64_t unit, double move) {
  const std::int64_t units = lower ? 4 : 5;
  Tensor moves({2, units}, DType::float64);
  moves.as<double>()[n * units + unit] = move;
  const Tensor none({2, 5}, DType::float64);
  const Tensor below =
      lower ? moved_sequence(*stack.lower, stack.x, step, moves)
            : moved_sequence(*stack.lower, stack.x, 0, Tensor({2, 4}, DType::float64));
  const Tensor above = lower ? moved_sequence(*stack.upper, below, 0, none)
                             : moved_sequence(*stack.upper, below, step, moves);
  return loss_of(stack, above, n);
}

double measured_norm(const Stack& stack, bool lower, std::int64_t step) {
  constexpr double e = 1e-6;
  double sum = 0.0;
  for (std::int64_t n = 0; n < 2; ++n) {
    double squares = 0.0;
    for (std::int64_t unit = 0; unit < (lower ? 4 : 5); ++unit) {
      const double slope = (moved_loss(stack, lower, step, n, unit, e) -
                            moved_loss(stack, lower, step, n, unit, -e)) /
                           (2.0 * e);
      squares += slope * slope;
    }
    sum += std::sqrt(squares);
  }
  return sum / 2.0;
}

// make(units, return_sequences): a layer in double.
template <class Make>
void expect_as_measured(const Make& make) {
  const Stack stack{make(4, true), make(5, true)};
  // In the model the upper layer answers once: a twin with the same weights.
  const LayerPtr twin = make(5, false);
  Sequential model({stack.lower, twin, stack.head});
  model.build({None, 6, 3});
  const Shape upper_input{None, None, 4};
  stack.upper->build(std::span(&upper_input, 1));
  for (std::size_t i = 0; i < twin->parameters().size(); ++i)
    copy(twin->parameters()[i].value, stack.upper->parameters()[i].value);

  const std::vector<GradientFlow> flow =
      gradient_flow(model, stack.x, stack.y, {.loss = "categorical_crossentropy"});
  ASSERT_EQ(flow.size(), 2U);
  for (std::int64_t step = 0; step < 6; ++step) {
    const auto k = static_cast<std::size_t>(5 - step);
    for (const bool lower : {true, false}) {
      const double expected = measured_norm(stack, lower, step);
      EXPECT_NEAR(flow[lower ? 0 : 1].norm[k], expected, 1e-6 * std::max(1e-3, expected))
          << (lower ? "lower" : "upper") << " layer, step " << step;
    }
  }
}

TEST(GradientFlow, AgreesWithFiniteDifferencesForSimpleRNN) {
  set_random_seed(3);
  expect_as_measured([](std::int64_t units, bool sequences) {
    return layers::SimpleRNN({.units = units, .return_sequences = sequences, .dtype = "float64"});
  });
}

TEST(GradientFlow, AgreesWithFiniteDifferencesForLSTM) {
  set_random_seed(4);
  expect_as_measured([](std::int64_t units, bool sequences) {
    return layers::LSTM({.units = units, .return_sequences = sequences, .dtype = "float64"});
  });
}

TEST(GradientFlow, AgreesWithFiniteDifferencesForGRU) {
  set_random_seed(5);
  expect_as_measured([](std::int64_t units, bool sequences) {
    return layers::GRU({.units = units, .return_sequences = sequences, .dtype = "float64"});
  });
}

// ---- what it leaves alone, and what it refuses

TEST(GradientFlow, DoesNotDependOnTheNumberOfSequencesAtATime) {
  Sequential model({layers::GRU({.units = 3, .input_shape = {5, 2}}), layers::Dense({.units = 1})});
  const Tensor x = noise({70, 5, 2}, 1);
  const Tensor y = noise({70, 1}, 2);
  const std::vector<double> all = gradient_flow(model, x, y, {.loss = "mae"})[0].norm;
  std::vector<double> mean(5, 0.0);
  for (std::int64_t i = 0; i < 70; ++i) {
    const std::vector<double> one =
        gradient_flow(model, x.rows(i, i + 1), y.rows(i, i + 1), {.loss = "mae"})[0].norm;
    for (std::size_t k = 0; k < 5; ++k) mean[k] += one[k] / 70.0;
  }
  for (std::size_t k = 0; k < 5; ++k) EXPECT_NEAR(all[k], mean[k], 1e-5 * mean[k]);
}

TEST(GradientFlow, LeavesWeightsStatesAndTrainingAlone) {
  const Tensor x = noise({4, 5, 2}, 1);
  const Tensor y = noise({4, 1}, 2);
  const auto trained = [&](bool look) {
    set_random_seed(5);
    Sequential model({layers::LSTM({.units = 3,
                                    .dropout = 0.3,
                                    .stateful = true,
                                    .input_shape = {5, 2},
                                    .batch_size = 4}),
                      layers::Dense({.units = 1})});
    model.compile({.optimizer = "adam", .loss = "mse"});
    model.train_on_batch(x, y);
    if (look) gradient_flow(model, x, y);
    model.train_on_batch(x, y);
    return model.get_weights();
  };
  const std::vector<Tensor> without = trained(false);
  const std::vector<Tensor> with = trained(true);
  for (std::size_t i = 0; i < with.size(); ++i) EXPECT_TRUE(same_bits(with[i], without[i]));
}

TEST(GradientFlow, MeasuresOneOutputOfSeveral) {
  const LayerPtr gru = layers::GRU({.units = 3, .name = "reader"});
  const LayerPtr head = layers::Dense({.units = 1, .name = "right"});
  const Symbol a = Input({.shape = {4, 2}});
  const Symbol b = Input({.shape = {4, 3}});
  const Symbol left = layers::Dense({.units = 1, .name = "left"})(layers::LSTM({.units = 2})(a));
  Functional both({a, b}, {left, head(gru(b))});
  both.compile({.losses = {{"left", "mae"}, {"right", "mse"}}});
  const Tensor x = noise({5, 4, 3}, 1);
  const Tensor y = noise({5, 1}, 2);
  const std::vector<GradientFlow> flow =
      gradient_flow(both, {noise({5, 4, 2}, 3), x}, y, {.output = "right"});
  ASSERT_EQ(flow.size(), 1U);
  EXPECT_EQ(flow[0].layer, "reader");
  Sequential alone({gru, head});
  EXPECT_EQ(flow[0].norm, gradient_flow(alone, x, y, {.loss = "mse"})[0].norm);
  EXPECT_NE(error_of([&] {
              gradient_flow(both, {noise({5, 4, 2}, 3), x}, y, {.output = "rigth"});
            }).find("right"),
            std::string::npos);
}

TEST(GradientFlow, SaysWhatIsMissing) {
  Sequential model = halving();
  const Tensor x = noise({2, 3, 1}, 1);
  const Tensor y = noise({2, 1}, 2);
  EXPECT_NE(error_of([&] { gradient_flow(model, x, y); }).find("needs a loss"), std::string::npos);
  EXPECT_NE(error_of([&] { gradient_flow(model, x, y.rows(0, 1), {.loss = "mse"}); }).find("2"),
            std::string::npos);
  Sequential without({layers::Dense({.units = 1, .input_shape = {2}})});
  EXPECT_NE(error_of([&] {
              gradient_flow(without, noise({2, 2}, 1), y, {.loss = "mse"});
            }).find("has no recurrent layer"),
            std::string::npos);
}

TEST(StepsUntil, IsWhereTheNormStaysBelow) {
  EXPECT_EQ(steps_until({8, 5, 3, 5, 3, 1}, 0.5), 4);
  EXPECT_EQ(steps_until({8, 5, 3, 5, 3, 1}, 0.001), std::nullopt);
  EXPECT_EQ(steps_until({8, 1}, 0.5), 1);
  EXPECT_EQ(steps_until({}, 0.5), std::nullopt);
  EXPECT_EQ(steps_until({0, 0}, 0.5), std::nullopt);
}

}  // namespace
}  // namespace chronicler::insight
