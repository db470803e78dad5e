// Streams that learn while they predict.
#include "training/online/stream_learn.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "chronicler/base/random.h"
#include "chronicler/layers/layers.h"
#include "chronicler/model/stream.h"
#include "chronicler/training/fit.h"
#include "chronicler/training/optimizers.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;
using test::noise;

constexpr std::int64_t features = 3;

Sequential small_model(bool sequences = true) {
  set_random_seed(3);
  return Sequential(
      {layers::Input({None, features}), layers::LSTM({.units = 4, .return_sequences = true}),
       layers::GRU({.units = 5, .return_sequences = sequences}), layers::Dense({.units = 2})});
}

Sequential compiled_model(bool sequences = true) {
  Sequential model = small_model(sequences);
  model.compile({.optimizer = "adam", .loss = "mse"});
  return model;
}

StreamOptions adapting(std::int64_t steps = 4, double learning_rate = 0.01) {
  StreamOptions options;
  options.adapt = AdaptOptions{.learning_rate = learning_rate, .steps = steps};
  return options;
}

std::span<const float> row_of(const Tensor& all, std::int64_t row) {
  const std::int64_t width = all.size() / all.shape()[0];
  return {all.as<float>() + row * width, static_cast<std::size_t>(width)};
}

// All outputs of steps [begin, end), each of which is learnt if `learns`.
std::vector<float> run(Stream& stream, std::int64_t begin, std::int64_t end, bool learns) {
  const Tensor x = noise({200, features}, 1);
  const Tensor y = noise({200, 2}, 2);
  std::vector<float> outputs;
  for (std::int64_t t = begin; t < end; ++t) {
    const std::span<const float> output = stream.step(row_of(x, t));
    outputs.insert(outputs.end(), output.begin(), output.end());
    if (learns) stream.learn(row_of(y, t));
  }
  return outputs;
}

TEST(StreamLearn, LearnsOnItsOwnCopyOfTheWeights) {
  Sequential model = compiled_model();
  const std::vector<Tensor> before = model.get_weights();
  Stream plain = model.stream();
  Stream learning = model.stream(adapting());
  const std::vector<float> expected = run(plain, 0, 40, false);
  const std::vector<float> got = run(learning, 0, 40, true);
  EXPECT_TRUE(std::equal(got.begin(), got.begin() + 2 * 4, expected.begin()));
  EXPECT_NE(got, expected);
  const std::vector<Tensor> after = model.get_weights();
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_TRUE(test::same_bits(before[i], after[i]));
}

TEST(StreamLearn, PredictsAsEverIfNoTargetComes) {
  Sequential model = compiled_model();
  Stream plain = model.stream();
  Stream learning = model.stream(adapting());
  EXPECT_EQ(run(plain, 0, 40, false), run(learning, 0, 40, false));
}

TEST(StreamLearn, ACopyGoesOnAlike) {
  Sequential model = compiled_model();
  Stream first = model.stream(adapting(3));
  run(first, 0, 50, true);
  Stream second(first);
  EXPECT_EQ(run(first, 50, 100, true), run(second, 50, 100, true));
  Stream third(first);
  run(third, 100, 150, true);  // what one learns the other does not
  EXPECT_EQ(run(first, 100, 110, false), run(second, 100, 110, false));
}

TEST(StreamLearn, TheModelsWeightsComeBack) {
  Sequential model = compiled_model();
  Stream plain = model.stream();
  Stream learning = model.stream(adapting());
  run(learning, 0, 50, true);
  learning.take_weights();
  learning.reset();
  EXPECT_EQ(run(plain, 0, 20, false), run(learning, 0, 20, false));
}

TEST(StreamLearn, LearnsFromEveryStepWhereTheModelGivesTheLastOutput) {
  Sequential last = compiled_model(false);
  Sequential all = compiled_model(true);
  all.set_weights(last.get_weights());
  Stream first = last.stream(adapting());
  Stream second = all.stream(adapting());
  EXPECT_EQ(run(first, 0, 60, true), run(second, 0, 60, true));
}

TEST(StreamLearn, StepsWithoutATargetAreNotLearntFrom) {
  Sequential model = compiled_model();
  Stream stream = model.stream(adapting(4));
  const Tensor x = noise({200, features}, 1);
  const std::vector<float> y{0.9F, -0.9F};
  double first = 0.0;
  double last = 0.0;
  for (std::int64_t t = 0; t < 200; ++t) {
    const std::span<const float> output = stream.step(row_of(x, t));
    const double error = std::abs(output[0] - y[0]) + std::abs(output[1] - y[1]);
    (t < 20 ? first : last) += t < 20 || t >= 180 ? error : 0.0;
    if (t % 3 == 0) stream.learn(y);
  }
  EXPECT_LT(last, 0.3 * first);
}

TEST(StreamLearn, SameBitsForAnyNumberOfThreads) {
  const int before = Runtime::global().threads();
  Sequential model = compiled_model();
  std::vector<std::vector<float>> outputs;
  for (const int threads : {1, 3}) {
    set_threads(threads);
    Stream stream = model.stream(adapting());
    outputs.push_back(run(stream, 0, 50, true));
  }
  set_threads(before);
  EXPECT_EQ(outputs[0], outputs[1]);
}

TEST(StreamLearn, SaysWhatIsWrong) {
  const std::vector<float> x{1.0F, 2.0F, 3.0F};
  const std::vector<float> y{1.0F, 2.0F};
  Sequential never = small_model();
  Stream unlearnt = never.stream(adapting());
  unlearnt.step(x);
  EXPECT_NE(error_of([&] { unlearnt.learn(y); }).find("must be compiled before a stream"),
            std::string::npos);
  Sequential model = compiled_model();
  Stream plain = model.stream();
  plain.step(x);
  EXPECT_NE(error_of([&] { plain.learn(y); }).find("made without adapt options"),
            std::string::npos);
  Stream stream = model.stream(adapting());
  EXPECT_NE(error_of([&] { stream.learn(y); }).find("a target came without a step"),
            std::string::npos);
  stream.step(x);
  EXPECT_NE(error_of([&] {
              stream.learn(std::vector<float>{1.0F, NAN});
            }).find("is nan"),
            std::string::npos);
  EXPECT_NE(error_of([&] { stream.learn(x); }), "no error");
  EXPECT_NO_THROW(stream.learn(y));
  EXPECT_NE(error_of([&] { stream.learn(y); }).find("a target came without a step"),
            std::string::npos);
  StreamOptions wrong = adapting(0);
  EXPECT_NE(error_of([&] { static_cast<void>(model.stream(wrong)); }).find("steps"),
            std::string::npos);
}

TEST(StreamLearn, AModelWithoutAnOutputForEachStepIsRefused) {
  Sequential model({layers::Input({None, features}),
                    layers::RNN({.cell = layers::GRUCell({.units = 4})}),
                    layers::Dense({.units = 2})});
  model.compile({.optimizer = "adam", .loss = "mse"});
  Stream stream = model.stream(adapting());
  stream.step(std::vector<float>{1.0F, 2.0F, 3.0F});
  EXPECT_NE(error_of([&] {
              stream.learn(std::vector<float>{1.0F, 2.0F});
            }).find("not an output for each"),
            std::string::npos);
}

TEST(Optimizer, TellsTheMeanSquaresOfGradients) {
  for (const char* name : {"adam", "adamw", "nadam", "lamb", "rmsprop", "adadelta"}) {
    const OptimizerPtr optimizer = optimizers::get(name);
    Parameter parameter{.name = "w", .value = Tensor({2}), .gradient = Tensor({2})};
    Parameter* const list[] = {&parameter};
    optimizer->build(list);
    EXPECT_FALSE(optimizer->mean_squares(parameter)) << name;
    parameter.gradient = Tensor({2}, std::vector<float>{3.0F, -0.5F});
    optimizer->step(Runtime::global());
    EXPECT_TRUE(test::close_to(optimizer->mean_squares(parameter),
                               Tensor({2}, std::vector<float>{9.0F, 0.25F}), 1e-3))
        << name;
  }
  const OptimizerPtr sgd = optimizers::get("sgd");
  Parameter parameter{.name = "w", .value = Tensor({2}), .gradient = Tensor({2})};
  Parameter* const list[] = {&parameter};
  sgd->build(list);
  sgd->step(Runtime::global());
  EXPECT_FALSE(sgd->mean_squares(parameter));
}

// A series whose law changes: x swings, and what comes next follows from the last two values in
// one way, then in another.
std::vector<float> series_with_a_change(std::int64_t length, std::int64_t change) {
  std::vector<float> x{0.1F, 0.2F};
  const Tensor drawn = noise({length}, 9);
  for (std::int64_t t = 2; t < length; ++t) {
    const float pull = t < change ? 1.2F : -0.4F;
    x.push_back(pull * x[static_cast<std::size_t>(t - 1)] -
                0.6F * x[static_cast<std::size_t>(t - 2)] + 0.3F * drawn.as<float>()[t]);
  }
  return x;
}

TEST(StreamLearn, RecoversFromAChangeOfRegime) {
  set_random_seed(1);
  constexpr std::int64_t change = 6000;
  constexpr std::int64_t length = 12000;
  const std::vector<float> series = series_with_a_change(length, change);
  Sequential model({layers::Input({None, 1}), layers::GRU({.units = 8, .return_sequences = true}),
                    layers::Dense({.units = 1})});
  model.compile({.optimizer = optimizers::Adam({.learning_rate = 0.01}), .loss = "mse"});
  const Tensor x({100, 40, 1}, std::vector<float>(series.begin(), series.begin() + 4000));
  const Tensor y({100, 40, 1}, std::vector<float>(series.begin() + 1, series.begin() + 4001));
  model.fit(x, y, {.epochs = 20, .verbose = 0});

  Stream plain = model.stream();
  Stream learning =
      model.stream({.adapt = AdaptOptions{.learning_rate = 0.002, .decay = 0.0005, .steps = 5}});
  double error = 0.0;  // of all steps after those of training
  double adapted = 0.0;
  double late = 0.0;  // from 2,000 steps after the change on
  double late_adapted = 0.0;
  for (std::int64_t t = 4000; t + 1 < length; ++t) {
    const std::span<const float> now(&series[static_cast<std::size_t>(t)], 1);
    const std::span<const float> next(&series[static_cast<std::size_t>(t + 1)], 1);
    const double by_plain = std::pow(plain.step(now)[0] - next[0], 2);
    const double by_learning = std::pow(learning.step(now)[0] - next[0], 2);
    learning.learn(next);
    error += by_plain;
    adapted += by_learning;
    if (t < change + 2000) continue;
    late += by_plain;
    late_adapted += by_learning;
  }
  const double noise_alone = 0.3 * 0.3 / 3.0 * (length - change - 2000);
  EXPECT_LT(adapted, 0.95 * error);
  EXPECT_LT(late_adapted, 1.25 * noise_alone);  // what nobody can foresee, and little else
  EXPECT_GT(late, 1.5 * noise_alone);
}

}  // namespace
}  // namespace chronicler
