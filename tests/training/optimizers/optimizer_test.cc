#include <cmath>
#include <deque>
#include <functional>
#include <limits>
#include <numeric>

#include <gtest/gtest.h>

#include "chronicler/training/optimizers.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::close_to;
using test::error_of;
using test::noise;
using test::numbers;
using test::same_bits;

// Weights of these shapes, with gradients.
class Weights {
 public:
  explicit Weights(const std::vector<Shape>& shapes, DType dtype = DType::float64) {
    std::uint64_t seed = 1;
    for (const Shape& shape : shapes) {
      Parameter parameter;
      parameter.name = "weight_" + std::to_string(seed);
      parameter.value = noise(shape, seed, dtype);
      parameter.gradient = Tensor(shape, dtype);
      parameters_.push_back(parameter);
      ++seed;
    }
  }

  Parameter& operator[](std::size_t index) { return parameters_[index]; }
  std::vector<Parameter*> pointers() {
    std::vector<Parameter*> pointers;
    for (Parameter& parameter : parameters_) pointers.push_back(&parameter);
    return pointers;
  }
  // The gradients of one batch.
  void draw_gradients(std::uint64_t batch) {
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      Parameter& parameter = parameters_[i];
      copy(noise(parameter.value.shape(), 100 * batch + i, parameter.value.dtype()),
           parameter.gradient);
    }
  }
  void train(Optimizer& optimizer, int steps, Runtime& runtime = Runtime::global()) {
    optimizer.build(pointers());
    for (int step = 1; step <= steps; ++step) {
      draw_gradients(static_cast<std::uint64_t>(step));
      optimizer.step(runtime);
    }
  }

 private:
  std::deque<Parameter> parameters_;
};

// What one weight becomes over three steps, by the formulas in double: `move` is given
// weight, gradient and step (from 1).
void expect_moves(const OptimizerPtr& optimizer,
                  const std::function<std::function<double(double, double, double)>()>& make_move) {
  Weights weights({Shape{3}});
  const std::vector<double> before = numbers(weights[0].value);
  weights.train(*optimizer, 3);
  for (std::size_t i = 0; i < before.size(); ++i) {
    const auto move = make_move();
    double weight = before[i];
    for (int step = 1; step <= 3; ++step) {
      Weights replay({Shape{3}});
      replay.draw_gradients(static_cast<std::uint64_t>(step));
      weight = move(weight, numbers(replay[0].gradient)[i], step);
    }
    EXPECT_NEAR(numbers(weights[0].value)[i], weight, 1e-13);
  }
}

std::vector<Shape> shapes_of(const std::vector<Tensor>& tensors) {
  std::vector<Shape> shapes;
  for (const Tensor& tensor : tensors) shapes.push_back(tensor.shape());
  return shapes;
}

double f32(double value) { return static_cast<double>(static_cast<float>(value)); }

// ---- the updates

TEST(Sgd, Plain) {
  const double rate = f32(0.1);
  expect_moves(optimizers::SGD({.learning_rate = 0.1}),
               [&] { return [=](double w, double g, double) { return w - rate * g; }; });
}

TEST(Sgd, Momentum) {
  const double rate = f32(0.1);
  expect_moves(optimizers::SGD({.learning_rate = 0.1, .momentum = 0.9}), [&] {
    return [=, m = 0.0](double w, double g, double) mutable {
      m = 0.9 * m - rate * g;
      return w + m;
    };
  });
  expect_moves(optimizers::SGD({.learning_rate = 0.1, .momentum = 0.9, .nesterov = true}), [&] {
    return [=, m = 0.0](double w, double g, double) mutable {
      m = 0.9 * m - rate * g;
      return w + 0.9 * m - rate * g;
    };
  });
}

TEST(Rmsprop, Plain) {
  const double rate = f32(0.01);
  expect_moves(optimizers::RMSprop({.learning_rate = 0.01}), [&] {
    return [=, v = 0.0](double w, double g, double) mutable {
      v = 0.9 * v + 0.1 * g * g;
      return w - rate * g / std::sqrt(v + 1e-7);
    };
  });
}

TEST(Rmsprop, CenteredWithMomentum) {
  const double rate = f32(0.01);
  expect_moves(
      optimizers::RMSprop(
          {.learning_rate = 0.01, .rho = 0.8, .momentum = 0.5, .epsilon = 1e-3, .centered = true}),
      [&] {
        return [=, v = 0.0, a = 0.0, m = 0.0](double w, double g, double) mutable {
          v = 0.8 * v + 0.2 * g * g;
          a = 0.8 * a + 0.2 * g;
          m = 0.5 * m + rate * g / std::sqrt(v - a * a + 1e-3);
          return w - m;
        };
      });
}

TEST(Adam, Plain) {
  const double rate = f32(0.01);
  expect_moves(optimizers::Adam({.learning_rate = 0.01}), [&] {
    return [=, m = 0.0, v = 0.0](double w, double g, double t) mutable {
      m += 0.1 * (g - m);
      v += 0.001 * (g * g - v);
      const double alpha = rate * std::sqrt(1 - std::pow(0.999, t)) / (1 - std::pow(0.9, t));
      return w - alpha * m / (std::sqrt(v) + 1e-7);
    };
  });
}

TEST(Adam, Amsgrad) {
  const double rate = f32(0.01);
  expect_moves(
      optimizers::Adam({.learning_rate = 0.01, .beta_1 = 0.5, .beta_2 = 0.3, .amsgrad = true}),
      [&] {
        return [=, m = 0.0, v = 0.0, largest = 0.0](double w, double g, double t) mutable {
          m += 0.5 * (g - m);
          v += 0.7 * (g * g - v);
          largest = std::max(largest, v);
          const double alpha = rate * std::sqrt(1 - std::pow(0.3, t)) / (1 - std::pow(0.5, t));
          return w - alpha * m / (std::sqrt(largest) + 1e-7);
        };
      });
}

// A first step of Adam is the learning rate, whatever the gradient's size (Kingma, Ba,
// section 2.1).
TEST(Adam, TheFirstStepIsTheLearningRate) {
  Weights weights({Shape{2}});
  weights[0].value.fill(1.0);
  weights[0].gradient.as<double>()[0] = 1e-3;
  weights[0].gradient.as<double>()[1] = -50.0;
  const OptimizerPtr adam = optimizers::Adam({.learning_rate = 0.25, .epsilon = 0.0});
  adam->build(weights.pointers());
  adam->step(Runtime::global());
  EXPECT_TRUE(close_to(weights[0].value, Tensor({2}, std::vector<double>{0.75, 1.25}), 1e-12));
}

TEST(AdamW, IsAdamWithDecay) {
  const double rate = f32(0.01);
  expect_moves(optimizers::AdamW({.learning_rate = 0.01}), [&] {
    return [=, m = 0.0, v = 0.0](double w, double g, double t) mutable {
      w -= w * 0.004 * rate;
      m += 0.1 * (g - m);
      v += 0.001 * (g * g - v);
      const double alpha = rate * std::sqrt(1 - std::pow(0.999, t)) / (1 - std::pow(0.9, t));
      return w - alpha * m / (std::sqrt(v) + 1e-7);
    };
  });
  EXPECT_EQ(optimizers::AdamW()->class_name(), "AdamW");
  EXPECT_EQ(optimizers::get("adamw")->name(), "adam_w");
  EXPECT_EQ(optimizers::AdamW()->fresh()->class_name(), "AdamW");
  EXPECT_EQ(error_of([] {
              optimizers::from("AdamW", {{"weight_decay", {}}});
            }),
            "AdamW needs a weight_decay: without one it is Adam");
}

TEST(Adagrad, Plain) {
  const double rate = f32(0.1);
  expect_moves(optimizers::Adagrad({.learning_rate = 0.1, .initial_accumulator_value = 0.2}), [&] {
    return [=, a = 0.2](double w, double g, double) mutable {
      a += g * g;
      return w - rate * g / std::sqrt(a + 1e-7);
    };
  });
}

TEST(Adadelta, Plain) {
  const double rate = f32(0.5);
  expect_moves(optimizers::Adadelta({.learning_rate = 0.5, .rho = 0.8, .epsilon = 1e-3}), [&] {
    return [=, a = 0.0, d = 0.0](double w, double g, double) mutable {
      a = 0.8 * a + 0.2 * g * g;
      const double move = -std::sqrt(d + 1e-3) / std::sqrt(a + 1e-3) * g;
      d = 0.8 * d + 0.2 * move * move;
      return w + rate * move;
    };
  });
}

TEST(Adamax, Plain) {
  const double rate = f32(0.01);
  expect_moves(optimizers::Adamax({.learning_rate = 0.01, .beta_2 = 0.7}), [&] {
    return [=, m = 0.0, u = 0.0](double w, double g, double t) mutable {
      m += 0.1 * (g - m);
      u = std::max(0.7 * u, std::abs(g));
      return w - rate * m / ((1 - std::pow(0.9, t)) * (u + 1e-7));
    };
  });
}

TEST(Nadam, Plain) {
  const double rate = f32(0.01);
  const auto u = [](double t) { return 0.9 * (1 - 0.5 * std::pow(0.96, t)); };
  expect_moves(optimizers::Nadam({.learning_rate = 0.01}), [&] {
    return [=, m = 0.0, v = 0.0, product = 1.0](double w, double g, double t) mutable {
      // Keras keeps it as a float32, and multiplies so.
      const auto power = static_cast<float>(std::pow(f32(0.96), t));
      product =
          f32(static_cast<double>(static_cast<float>(product) * 0.9F * (1.0F - 0.5F * power)));
      m += 0.1 * (g - m);
      v += 0.001 * (g * g - v);
      const double ahead = u(t + 1) * m / (1 - product * u(t + 1)) + (1 - u(t)) * g / (1 - product);
      return w - rate * ahead / (std::sqrt(v / (1 - std::pow(0.999, t))) + 1e-7);
    };
  });
}

TEST(Ftrl, Plain) {
  const double rate = f32(0.1);
  expect_moves(optimizers::Ftrl({.learning_rate = 0.1,
                                 .learning_rate_power = -0.4,
                                 .l1_regularization_strength = 0.3,
                                 .l2_regularization_strength = 0.2,
                                 .l2_shrinkage_regularization_strength = 0.1,
                                 .beta = 0.05}),
               [&] {
                 return [=, a = 0.1, z = 0.0](double w, double g, double) mutable {
                   const double n = a + g * g;
                   z += g + 2 * 0.1 * w - (std::pow(n, 0.4) - std::pow(a, 0.4)) / rate * w;
                   a = n;
                   const double clipped = std::min(std::max(z, -0.3), 0.3);
                   return (clipped - z) / (std::pow(n, 0.4) / rate + 2 * (0.2 + 0.05 / (2 * rate)));
                 };
               });
  EXPECT_EQ(error_of([] { optimizers::Ftrl({.learning_rate_power = 0.5}); }),
            "learning_rate_power of Ftrl must be at most 0, got 0.5");
  EXPECT_EQ(error_of([] { optimizers::Ftrl({.beta = -1.0}); }),
            "beta of Ftrl must be at least 0, got -1");
}

TEST(Lion, Plain) {
  const double rate = f32(0.01);
  expect_moves(optimizers::Lion({.learning_rate = 0.01}), [&] {
    return [=, m = 0.0](double w, double g, double) mutable {
      const double direction = 0.9 * m + 0.1 * g;
      m = 0.99 * m + 0.01 * g;
      return w - rate * (direction > 0 ? 1.0 : -1.0);
    };
  });
}

// The step of a whole parameter is as long as the rate times the parameter.
TEST(Lamb, Plain) {
  const double rate = f32(0.01);
  Weights weights({{3}, {40000}, {2}});
  weights[2].value.fill(0.0);  // no length: the step is as it is
  std::vector<std::vector<double>> value;
  for (std::size_t i = 0; i < 3; ++i) value.push_back(numbers(weights[i].value));
  weights.train(*optimizers::Lamb({.learning_rate = 0.01}), 3);
  for (std::size_t i = 0; i < 3; ++i) {
    std::vector<double> m(value[i].size());
    std::vector<double> v(value[i].size());
    for (int t = 1; t <= 3; ++t) {
      Weights replay({{3}, {40000}, {2}});
      replay.draw_gradients(static_cast<std::uint64_t>(t));
      const std::vector<double> g = numbers(replay[i].gradient);
      std::vector<double> r(g.size());
      double value_square = 0.0;
      double step_square = 0.0;
      for (std::size_t k = 0; k < g.size(); ++k) {
        m[k] += 0.1 * (g[k] - m[k]);
        v[k] += 0.001 * (g[k] * g[k] - v[k]);
        r[k] = m[k] / (1 - std::pow(0.9, t)) / (std::sqrt(v[k] / (1 - std::pow(0.999, t))) + 1e-7);
        value_square += value[i][k] * value[i][k];
        step_square += r[k] * r[k];
      }
      const double ratio = value_square > 0 ? std::sqrt(value_square / step_square) : 1.0;
      for (std::size_t k = 0; k < g.size(); ++k) value[i][k] -= rate * ratio * r[k];
    }
    EXPECT_TRUE(close_to(weights[i].value, Tensor(weights[i].value.shape(), value[i]), 1e-12));
  }
}

TEST(Optimizers, WeightDecayShrinksBeforeTheUpdate) {
  const double rate = f32(0.1);
  expect_moves(optimizers::SGD({.learning_rate = 0.1, .momentum = 0.9, .weight_decay = 0.01}), [&] {
    return [=, m = 0.0](double w, double g, double) mutable {
      m = 0.9 * m - rate * g;
      return w - w * 0.01 * rate + m;
    };
  });
}

TEST(Optimizers, FloatIsCloseToDouble) {
  for (const std::string_view name : optimizers::class_names()) {
    Weights wide({{40, 3}, {5}});
    Weights narrow({{40, 3}, {5}}, DType::float32);
    wide.train(*optimizers::get(name), 5);
    narrow.train(*optimizers::get(name), 5);
    EXPECT_TRUE(close_to(narrow[0].value.to(DType::float64), wide[0].value, 1e-6)) << name;
  }
}

// ---- clipping

// The gradients of one step after clipping: SGD with rate 1 takes them from weights of zero.
std::vector<double> clipped(const Clipping& clipping, std::vector<double> first,
                            std::vector<double> second) {
  Weights weights(
      {{static_cast<std::int64_t>(first.size())}, {static_cast<std::int64_t>(second.size())}});
  std::copy(first.begin(), first.end(), weights[0].gradient.as<double>());
  std::copy(second.begin(), second.end(), weights[1].gradient.as<double>());
  weights[0].value.fill(0.0);
  weights[1].value.fill(0.0);
  const OptimizerPtr sgd = optimizers::SGD({.learning_rate = 1.0,
                                            .clipnorm = clipping.clipnorm,
                                            .clipvalue = clipping.clipvalue,
                                            .global_clipnorm = clipping.global_clipnorm});
  sgd->build(weights.pointers());
  sgd->step(Runtime::global());
  std::vector<double> steps = numbers(weights[0].value);
  for (const double step : numbers(weights[1].value)) steps.push_back(step);
  for (double& step : steps) step = -step;
  return steps;
}

void expect_near(const std::vector<double>& actual, const std::vector<double>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 1e-12) << i;
}

TEST(Clipping, EachElement) {
  expect_near(clipped({.clipvalue = 0.5}, {0.4, -3.0}, {0.6}), {0.4, -0.5, 0.5});
}

TEST(Clipping, EachGradient) {
  expect_near(clipped({.clipnorm = 1.0}, {3.0, -4.0}, {0.5}), {0.6, -0.8, 0.5});
}

TEST(Clipping, AllTogether) {
  expect_near(clipped({.global_clipnorm = 6.5}, {3.0, -4.0}, {12.0}), {1.5, -2.0, 6.0});
  expect_near(clipped({.global_clipnorm = 20.0}, {3.0, -4.0}, {12.0}), {3.0, -4.0, 12.0});
}

TEST(Clipping, ANormThatIsNotFiniteSpoilsAll) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double step : clipped({.global_clipnorm = 1.0}, {infinity, 1.0}, {1.0})) {
    EXPECT_TRUE(std::isnan(step));
  }
}

TEST(Clipping, OneKindAtMost) {
  EXPECT_EQ(error_of([] { optimizers::Adam({.clipnorm = 1.0, .clipvalue = 1.0}); }),
            "only one of clipnorm, clipvalue and global_clipnorm can be given: choose "
            "global_clipnorm to keep the direction of the step");
  EXPECT_EQ(error_of([] { optimizers::SGD({.clipnorm = 0.0}); }),
            "clipnorm of SGD must be above 0, got 0");
}

// ---- what else a step does

TEST(Optimizers, ConstraintsHoldAfterEachStep) {
  Weights weights({{4, 3}, {4, 3}});
  weights[0].constraint = constraints::NonNeg();
  const OptimizerPtr adam = optimizers::Adam({.learning_rate = 0.5});
  weights.train(*adam, 2);
  for (const double weight : numbers(weights[0].value)) EXPECT_GE(weight, 0.0);
  const std::vector<double> free = numbers(weights[1].value);
  EXPECT_LT(*std::min_element(free.begin(), free.end()), 0.0);
}

TEST(Optimizers, FrozenWeightsStayAndHaveNoSlots) {
  Weights weights({{2, 2}, {3}});
  weights[1].trainable = false;
  const std::vector<double> before = numbers(weights[1].value);
  const OptimizerPtr adam = optimizers::Adam();
  weights.train(*adam, 2);
  EXPECT_EQ(numbers(weights[1].value), before);
  EXPECT_EQ(adam->count_params(), 2 + 2 * 4);
}

TEST(Optimizers, StepNeedsBuildAndGradients) {
  const OptimizerPtr sgd = optimizers::SGD();
  EXPECT_EQ(error_of([&] { sgd->step(Runtime::global()); }),
            "optimizer \"sgd\" was not built: call build with the parameters to train");
  Weights weights({Shape{2}});
  weights[0].gradient = Tensor();
  sgd->build(weights.pointers());
  EXPECT_EQ(error_of([&] { sgd->step(Runtime::global()); }),
            "weight \"weight_1\" has no gradient: run a training batch backward before the step");
}

TEST(Optimizers, BuildTakesTheSameWeightsTwice) {
  Weights weights({{2}, {3}});
  const OptimizerPtr adam = optimizers::Adam();
  weights.train(*adam, 1);
  adam->build(weights.pointers());
  EXPECT_NE(numbers(adam->variables()[2])[0], 0.0);
  Weights others({Shape{2}});
  EXPECT_EQ(error_of([&] { adam->build(others.pointers()); }),
            "optimizer \"adam\" already trains other weights: compile the model again");
}

TEST(Optimizers, SameBitsForAnyNumberOfThreads) {
  const std::vector<Shape> shapes{{300, 211}, {7}, {16384}, {1}, {40, 500}, {16385}};
  for (const std::string_view name : optimizers::class_names()) {
    const auto trained = [&](int threads) {
      Runtime runtime(threads);
      const OptimizerPtr optimizer = optimizers::from(name, {{"global_clipnorm", 0.5}});
      Weights weights(shapes, DType::float32);
      weights.train(*optimizer, 2, runtime);
      std::vector<Tensor> values = optimizer->variables();
      for (std::size_t i = 0; i < shapes.size(); ++i) values.push_back(weights[i].value);
      return values;
    };
    const std::vector<Tensor> expected = trained(1);
    for (const int threads : {2, 5}) {
      const std::vector<Tensor> values = trained(threads);
      for (std::size_t i = 0; i < values.size(); ++i) {
        EXPECT_TRUE(same_bits(values[i], expected[i])) << name << ", " << threads << " threads";
      }
    }
  }
}

// ---- accumulated gradients, averages, schedules

// Every second step moves the weights, by the mean of two gradients.
TEST(Accumulation, MovesByTheMean) {
  const OptimizerPtr adam =
      optimizers::Adam({.learning_rate = 0.1, .gradient_accumulation_steps = 2});
  const OptimizerPtr plain = optimizers::Adam({.learning_rate = 0.1});
  Weights weights({{3}, {2, 2}});
  Weights expected({{3}, {2, 2}});
  adam->build(weights.pointers());
  plain->build(expected.pointers());
  for (std::uint64_t step = 1; step <= 6; ++step) {
    const std::vector<double> before = numbers(weights[1].value);
    weights.draw_gradients(step);
    adam->step(Runtime::global());
    if (step % 2 == 1) {
      EXPECT_EQ(numbers(weights[1].value), before);
      continue;
    }
    for (std::size_t i = 0; i < 2; ++i) {
      Weights first({{3}, {2, 2}});
      Weights second({{3}, {2, 2}});
      first.draw_gradients(step - 1);
      second.draw_gradients(step);
      for (std::int64_t k = 0; k < first[i].value.size(); ++k) {
        expected[i].gradient.as<double>()[k] =
            (first[i].gradient.as<double>()[k] + second[i].gradient.as<double>()[k]) / 2;
      }
    }
    plain->step(Runtime::global());
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_TRUE(close_to(weights[i].value, expected[i].value, 1e-14)) << step;
    }
  }
  EXPECT_EQ(adam->iterations(), 6);
  EXPECT_EQ(error_of([] { optimizers::Adam({.gradient_accumulation_steps = 1}); }),
            "gradient_accumulation_steps of Adam must be at least 2, got 1");
}

TEST(Averages, FollowTheWeightsAndReplaceThemAtTheEnd) {
  Weights weights({Shape{2}});
  const OptimizerPtr sgd =
      optimizers::SGD({.learning_rate = 0.5, .use_ema = true, .ema_momentum = 0.75});
  double average = 0.0;
  for (int step = 1; step <= 4; ++step) {
    weights.train(*sgd, 1);
    const double weight = numbers(weights[0].value)[1];
    average = step == 1 ? weight : 0.75 * average + 0.25 * weight;
    EXPECT_NEAR(numbers(sgd->variables()[2])[1], average, 1e-15);
  }
  EXPECT_NE(numbers(weights[0].value)[1], average);
  sgd->finish();
  EXPECT_NEAR(numbers(weights[0].value)[1], average, 1e-15);
}

TEST(Averages, MayReplaceTheWeightsOnTheWay) {
  Weights weights({Shape{2}});
  const OptimizerPtr sgd = optimizers::SGD(
      {.learning_rate = 0.5, .use_ema = true, .ema_momentum = 0.5, .ema_overwrite_frequency = 2});
  weights.train(*sgd, 1);
  const double first = numbers(weights[0].value)[0];
  weights.draw_gradients(7);
  const double second = first - 0.5 * numbers(weights[0].gradient)[0];
  sgd->step(Runtime::global());
  EXPECT_NEAR(numbers(weights[0].value)[0], (first + second) / 2, 1e-15);
  EXPECT_EQ(error_of([] { optimizers::SGD({.use_ema = true, .ema_momentum = 1.5}); }),
            "ema_momentum of SGD must be from 0 to 1, got 1.5");
  EXPECT_EQ(error_of([] { optimizers::SGD({.use_ema = true, .ema_overwrite_frequency = 0}); }),
            "ema_overwrite_frequency of SGD must be at least 1, got 0");
}

// The scale multiplies the loss and divides the gradients.
TEST(LossScale, ChangesNothing) {
  Weights with({Shape{3}});
  Weights without({Shape{3}});
  with.train(*optimizers::Adam({.loss_scale_factor = 1024.0}), 3);
  without.train(*optimizers::Adam(), 3);
  EXPECT_TRUE(same_bits(with[0].value, without[0].value));
  EXPECT_EQ(error_of([] { optimizers::Adam({.loss_scale_factor = 0.0}); }),
            "loss_scale_factor of Adam must be above 0, got 0");
}

TEST(Schedule, GivesTheRateOfEveryStep) {
  Weights weights({Shape{1}});
  weights[0].value.fill(0.0);
  const OptimizerPtr sgd = optimizers::SGD({.learning_rate = schedules::PiecewiseConstantDecay(
                                                {.boundaries = {1, 2}, .values = {1, 0.5, 0.25}})});
  sgd->build(weights.pointers());
  std::vector<double> moves;
  for (int step = 0; step < 5; ++step) {
    weights[0].value.fill(0.0);
    weights[0].gradient.fill(-1.0);
    moves.push_back(sgd->learning_rate());
    sgd->step(Runtime::global());
    EXPECT_EQ(numbers(weights[0].value)[0], moves.back());
  }
  EXPECT_EQ(moves, (std::vector<double>{1, 1, 0.5, 0.25, 0.25}));
  EXPECT_EQ(
      error_of([&] { sgd->set_learning_rate(0.1); }),
      "the learning rate of optimizer \"sgd\" follows a PiecewiseConstantDecay: give a number "
      "as learning_rate if it is to be set");
  EXPECT_EQ(sgd->fresh()->schedule(), sgd->schedule());
  EXPECT_EQ(sgd->settings()[1].value, SettingValue());
  EXPECT_EQ(optimizers::from("SGD", sgd->settings(), sgd->schedule())->learning_rate(), 1.0);
}

// ---- variables

TEST(OptimizerVariables, AreInKerasOrder) {
  const Shape a{2, 3};
  const Shape b{4};
  const auto order = [&](const OptimizerPtr& optimizer) {
    Weights weights({a, b});
    optimizer->build(weights.pointers());
    std::vector<Shape> shapes = shapes_of(optimizer->variables());
    EXPECT_EQ(shapes[0], Shape{});
    EXPECT_EQ(shapes[1], Shape{});
    shapes.erase(shapes.begin(), shapes.begin() + 2);
    return shapes;
  };
  EXPECT_EQ(order(optimizers::SGD()), (std::vector<Shape>{}));
  EXPECT_EQ(order(optimizers::SGD({.momentum = 0.5})), (std::vector<Shape>{a, b}));
  EXPECT_EQ(order(optimizers::RMSprop()), (std::vector<Shape>{a, b}));
  EXPECT_EQ(order(optimizers::RMSprop({.momentum = 0.5, .centered = true})),
            (std::vector<Shape>{a, b, a, b, a, b}));
  EXPECT_EQ(order(optimizers::Adam()), (std::vector<Shape>{a, a, b, b}));
  EXPECT_EQ(order(optimizers::Adam({.amsgrad = true})), (std::vector<Shape>{a, a, b, b, a, b}));
  EXPECT_EQ(order(optimizers::Adagrad()), (std::vector<Shape>{a, b}));
  EXPECT_EQ(order(optimizers::Adadelta()), (std::vector<Shape>{a, a, b, b}));
  EXPECT_EQ(order(optimizers::Adamax()), (std::vector<Shape>{a, a, b, b}));
  EXPECT_EQ(order(optimizers::Nadam()), (std::vector<Shape>{a, a, b, b, {}}));
  EXPECT_EQ(order(optimizers::Ftrl()), (std::vector<Shape>{a, a, b, b}));
  EXPECT_EQ(order(optimizers::Lion()), (std::vector<Shape>{a, b}));
  EXPECT_EQ(order(optimizers::Lamb()), (std::vector<Shape>{a, a, b, b}));
  // Averages, accumulators, then the slots.
  EXPECT_EQ(
      order(optimizers::SGD({.momentum = 0.5, .use_ema = true, .gradient_accumulation_steps = 2})),
      (std::vector<Shape>{a, b, a, b, a, b}));
}

TEST(OptimizerVariables, StartAsKerasHasThem) {
  Weights weights({Shape{2}});
  const auto first = [&](const OptimizerPtr& optimizer, std::size_t index) {
    optimizer->build(weights.pointers());
    return numbers(optimizer->variables()[index])[0];
  };
  EXPECT_EQ(first(optimizers::Adagrad(), 2), 0.1);
  EXPECT_EQ(first(optimizers::Ftrl(), 2), 0.1);
  EXPECT_EQ(first(optimizers::Ftrl(), 3), 0.0);
  EXPECT_EQ(first(optimizers::Nadam(), 4), 1.0);
}

// With a schedule there is no learning rate to keep.
TEST(OptimizerVariables, WithoutALearningRate) {
  Weights weights({Shape{2}});
  const OptimizerPtr lion =
      optimizers::Lion({.learning_rate = schedules::ExponentialDecay(
                            {.initial_learning_rate = 0.5, .decay_steps = 1, .decay_rate = 0.5})});
  weights.train(*lion, 2);
  EXPECT_EQ(shapes_of(lion->variables()), (std::vector<Shape>{{}, {2}}));
  EXPECT_EQ(lion->count_params(), 3);
  const OptimizerPtr again = lion->fresh();
  Weights others({Shape{2}});
  again->build(others.pointers());
  again->set_variables(lion->variables());
  EXPECT_EQ(again->iterations(), 2);
  EXPECT_EQ(again->learning_rate(), 0.125);
}

// Training that is interrupted, saved and resumed by a fresh optimizer ends where it would have.
TEST(OptimizerVariables, CarryTrainingOn) {
  std::vector<OptimizerPtr> kinds{
      optimizers::SGD({.momentum = 0.9}), optimizers::RMSprop({.momentum = 0.9, .centered = true}),
      optimizers::Adam({.amsgrad = true}),
      optimizers::Nadam({.use_ema = true, .gradient_accumulation_steps = 2})};
  for (const std::string_view name : optimizers::class_names()) {
    kinds.push_back(optimizers::get(name));
  }
  for (const OptimizerPtr& kind : kinds) {
    Weights whole({{5}, {2, 2}});
    const OptimizerPtr first = kind->fresh();
    whole.train(*first, 2);
    Weights parts({{5}, {2, 2}});
    for (std::size_t i = 0; i < 2; ++i) copy(whole[i].value, parts[i].value);
    const OptimizerPtr second = kind->fresh();
    second->build(parts.pointers());
    second->set_variables(first->variables());
    EXPECT_EQ(second->iterations(), 2);
    for (Weights* weights : {&whole, &parts}) weights->draw_gradients(9);
    first->step(Runtime::global());
    second->step(Runtime::global());
    for (std::size_t i = 0; i < 2; ++i) EXPECT_TRUE(same_bits(whole[i].value, parts[i].value));
  }
}

TEST(OptimizerVariables, AreRefusedIfTheyDoNotFit) {
  Weights weights({Shape{2}});
  const OptimizerPtr adam = optimizers::Adam();
  EXPECT_EQ(error_of([&] { adam->set_variables({}); }),
            "optimizer \"adam\" has no variables yet: build the model and the optimizer first");
  adam->build(weights.pointers());
  EXPECT_EQ(error_of([&] { adam->set_variables(std::vector<Tensor>(3, Tensor(Shape{}))); }),
            "optimizer \"adam\" has 4 variables, got 3: they belong to another optimizer or "
            "another model");
  std::vector<Tensor> variables = adam->variables();
  variables[3] = Tensor({3});
  EXPECT_EQ(error_of([&] { adam->set_variables(variables); }),
            "variable 3 of optimizer \"adam\" has shape (2,), got (3,): they belong to another "
            "optimizer or another model");
}

// ---- settings

TEST(OptimizerSettings, LearningRatesAreFloat32) {
  const OptimizerPtr adam = optimizers::get("adam");
  EXPECT_EQ(adam->learning_rate(), 0.0010000000474974513);
  adam->set_learning_rate(0.01);
  EXPECT_EQ(adam->learning_rate(), 0.009999999776482582);
  EXPECT_EQ(adam->fresh()->learning_rate(), 0.009999999776482582);
  EXPECT_EQ(error_of([&] { adam->set_learning_rate(-1.0); }),
            "learning_rate must be at least 0 and finite, got -1");
}

TEST(OptimizerSettings, AreKerasConfig) {
  std::string names;
  for (const Setting& setting : optimizers::SGD()->settings()) names += setting.name + " ";
  EXPECT_EQ(names,
            "name learning_rate weight_decay clipnorm global_clipnorm clipvalue use_ema "
            "ema_momentum ema_overwrite_frequency loss_scale_factor gradient_accumulation_steps "
            "momentum nesterov ");
  EXPECT_EQ(optimizers::RMSprop()->name(), "rm_sprop");
}

TEST(OptimizerSettings, MakeTheSameOptimizerAgain) {
  for (const std::string_view class_name : optimizers::class_names()) {
    const OptimizerPtr optimizer = optimizers::from(
        class_name, {{"name", std::string("mine")}, {"weight_decay", 0.5}, {"clipnorm", 2.0}});
    EXPECT_EQ(optimizer->name(), "mine");
    for (const OptimizerPtr& again :
         {optimizers::from(class_name, optimizer->settings()), optimizer->fresh()}) {
      ASSERT_EQ(again->settings().size(), optimizer->settings().size());
      for (std::size_t i = 0; i < again->settings().size(); ++i) {
        EXPECT_EQ(again->settings()[i].name, optimizer->settings()[i].name);
        EXPECT_EQ(again->settings()[i].value, optimizer->settings()[i].value);
      }
    }
  }
}

TEST(OptimizerSettings, AreRefusedByName) {
  EXPECT_EQ(error_of([] { optimizers::get("adma"); }),
            "unknown optimizer \"adma\": did you mean \"adam\" or \"adamax\"?");
  EXPECT_EQ(error_of([] {
              optimizers::from("Adam", {{"use_ema", 0.5}});
            }),
            "use_ema of Adam is true or false, got 0.5");
  EXPECT_EQ(error_of([] {
              optimizers::from("Adam", {{"beta1", 0.5}});
            }),
            "unknown setting of Adam \"beta1\": did you mean \"beta_1\" or \"beta_2\"?");
  EXPECT_EQ(error_of([] { optimizers::Adam({.beta_1 = 1.0}); }),
            "beta_1 of Adam must be at least 0 and below 1, got 1");
  EXPECT_EQ(error_of([] { optimizers::SGD({.momentum = 2.0}); }),
            "momentum of SGD must be from 0 to 1, got 2");
}

}  // namespace
}  // namespace chronicler
