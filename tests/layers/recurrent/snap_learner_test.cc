// SnAp-1 against what it is made from: the derivatives of one step, which finite differences give.
#include "layers/recurrent/snap_learner.h"

#include <cmath>

#include <gtest/gtest.h>

#include "chronicler/base/arena.h"
#include "chronicler/layers/layers.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

constexpr std::int64_t features = 2;
constexpr double e = 1e-6;

// A layer's step from a state: what comes after it.
State next_state(const Layer& layer, const State& state, const Tensor& x) {
  State after = clone_state(state);
  Arena arena;
  Pass pass{arena, Runtime::global()};
  const Value input{x, {}};
  Value output;
  Call call;
  call.inputs = std::span(&input, 1);
  call.outputs = std::span(&output, 1);
  call.state = after;
  layer.forward(pass, call);
  return after;
}

// All numbers of a state in a row: of two states, those of c after those of h.
std::vector<double> flat(const State& state) {
  std::vector<double> all;
  for (const Tensor& tensor : state)
    all.insert(all.end(), tensor.as<double>(), tensor.as<double>() + tensor.size());
  return all;
}

// d next state / d one number, which `place` is.
std::vector<double> slope(const Layer& layer, const State& state, const Tensor& x, double& place) {
  const double at = place;
  place = at + e;
  const std::vector<double> above = flat(next_state(layer, state, x));
  place = at - e;
  const std::vector<double> below = flat(next_state(layer, state, x));
  place = at;
  std::vector<double> slopes(above.size());
  for (std::size_t i = 0; i < slopes.size(); ++i) slopes[i] = (above[i] - below[i]) / (2.0 * e);
  return slopes;
}

// SnAp-1 by its definition (section 3 of the paper): the influence matrix, whose entries between a
// weight and units that it does not feed stay zero.
class Definition {
 public:
  explicit Definition(Layer& layer) : layer_(layer), state_(layer.initial_state(1)) {
    for (Parameter& parameter : layer.parameters()) {
      for (std::int64_t i = 0; i < parameter.value.size(); ++i)
        places_.push_back(parameter.value.as<double>() + i);
      const std::int64_t columns = parameter.value.shape()[-1];
      for (std::int64_t i = 0; i < parameter.value.size(); ++i)
        units_.push_back(i % columns % units());
    }
    influence_.assign(places_.size(), std::vector<double>(flat(state_).size()));
    gradient_.assign(places_.size(), 0.0);
  }

  void step(const Tensor& x, const Tensor& dy) {
    std::vector<std::vector<double>> jacobian;  // [state before][state after]
    for (Tensor& tensor : state_) {
      for (std::int64_t i = 0; i < tensor.size(); ++i)
        jacobian.push_back(slope(layer_, state_, x, tensor.as<double>()[i]));
    }
    for (std::size_t weight = 0; weight < places_.size(); ++weight) {
      std::vector<double> next = slope(layer_, state_, x, *places_[weight]);
      for (std::size_t after = 0; after < next.size(); ++after) {
        for (std::size_t before = 0; before < next.size(); ++before)
          next[after] += jacobian[before][after] * influence_[weight][before];
        if (static_cast<std::int64_t>(after) % units() != units_[weight]) next[after] = 0.0;
      }
      influence_[weight] = next;
      for (std::int64_t u = 0; u < units(); ++u)
        gradient_[weight] += dy.as<double>()[u] * next[static_cast<std::size_t>(u)];
    }
    state_ = next_state(layer_, state_, x);
  }
  const std::vector<double>& gradient() const { return gradient_; }
  const State& state() const { return state_; }

 private:
  std::int64_t units() const { return state_[0].shape()[1]; }

  Layer& layer_;
  State state_;
  std::vector<double*> places_;
  std::vector<std::int64_t> units_;
  std::vector<std::vector<double>> influence_;
  std::vector<double> gradient_;
};

Tensor doubles(const Shape& shape, std::uint64_t seed) {
  return test::noise(shape, seed, DType::float64);
}

std::vector<LayerPtr> cells() {
  return {
      layers::SimpleRNN({.units = 3, .dtype = "float64"}),
      layers::SimpleRNN(
          {.units = 3, .activation = "softplus", .use_bias = false, .dtype = "float64"}),
      layers::LSTM({.units = 3, .dtype = "float64"}),
      layers::LSTM({.units = 3,
                    .activation = "silu",
                    .recurrent_activation = "hard_sigmoid",
                    .use_bias = false,
                    .dtype = "float64"}),
      layers::GRU({.units = 3, .dtype = "float64"}),
      layers::GRU({.units = 3, .activation = "gelu", .use_bias = false, .dtype = "float64"}),
  };
}

// Biases are not zero, so that their place matters.
void build(Layer& layer) {
  const Shape input{None, None, features};
  layer.build(std::span(&input, 1));
  std::uint64_t seed = 40;
  for (Parameter& parameter : layer.parameters()) {
    copy(doubles(parameter.value.shape(), ++seed), parameter.value);
    parameter.gradient = Tensor(parameter.value.shape(), DType::float64);
  }
}

TEST(SnapLearner, KeepsOfTheJacobianWhatAWeightSaysOfItsOwnUnit) {
  for (const LayerPtr& layer : cells()) {
    SCOPED_TRACE(layer->class_name());
    build(*layer);
    Definition definition(*layer);
    State state = layer->initial_state(1);
    const auto learner = layer->make_learner(state);
    ASSERT_NE(learner, nullptr);
    EXPECT_FALSE(learner->exact());
    for (std::uint64_t t = 0; t < 6; ++t) {
      const Tensor x = doubles({1, 1, features}, 100 + t);
      const Tensor dy = doubles({1, 3}, 200 + t);
      definition.step(x, dy);
      learner->step(x);
      learner->learn(dy, {});
    }
    std::size_t weight = 0;
    for (const Parameter& parameter : layer->parameters()) {
      for (std::int64_t i = 0; i < parameter.gradient.size(); ++i, ++weight) {
        EXPECT_NEAR(parameter.gradient.as<double>()[i], definition.gradient()[weight], 1e-7)
            << parameter.name << " " << i;
      }
    }
    for (std::size_t i = 0; i < state.size(); ++i)
      EXPECT_TRUE(test::close_to(state[i], definition.state()[i], 1e-12));
  }
}

TEST(SnapLearner, GivesTheLayerBelowTheGradientOfTheStep) {
  for (const LayerPtr& layer : cells()) {
    SCOPED_TRACE(layer->class_name());
    build(*layer);
    State state = layer->initial_state(1);
    const auto learner = layer->make_learner(state);
    learner->step(doubles({1, 1, features}, 1));
    const State before = clone_state(state);
    const Tensor x = doubles({1, 1, features}, 2);
    const Tensor dy = doubles({1, 3}, 3);
    const Tensor dx({1, 1, features}, DType::float64);
    learner->step(x);
    learner->learn(dy, dx);
    for (std::int64_t f = 0; f < features; ++f) {
      const std::vector<double> slopes = slope(*layer, before, x, x.as<double>()[f]);
      double expected = 0.0;
      for (std::size_t u = 0; u < 3; ++u) expected += dy.as<double>()[u] * slopes[u];
      EXPECT_NEAR(dx.as<double>()[f], expected, 1e-8);
    }
  }
}

TEST(SnapLearner, AHeldStepLearnsByWayOfTheStepsBefore) {
  const LayerPtr layer = layers::LSTM({.units = 1, .dtype = "float64"});
  build(*layer);
  State state = layer->initial_state(1);
  const auto learner = layer->make_learner(state);
  const Tensor dy = doubles({1, 1}, 3);
  const auto gradient = [&](int held) {
    learner->reset();
    for (Parameter& parameter : layer->parameters()) parameter.gradient.fill(0.0);
    learner->step(doubles({1, 1, features}, 1));
    for (int i = 0; i < held; ++i) learner->hold();
    learner->learn(dy, {});
    return layer->parameters()[0].gradient.clone();
  };
  EXPECT_TRUE(test::same_bits(gradient(0), gradient(2)));
}

TEST(SnapLearner, IsThereForPlainCellsOnly) {
  const std::vector<LayerPtr> without{
      layers::GRU({.units = 3, .reset_after = false}),
      layers::LSTM({.units = 3, .return_state = true}),
      layers::LSTM({.units = 3, .peepholes = true}),
      layers::LSTM({.units = 3, .go_backwards = true}),
      layers::SimpleRNN({.units = 3, .activation = "softmax"}),
  };
  for (const LayerPtr& layer : without) {
    const Shape input{None, None, features};
    layer->build(std::span(&input, 1));
    State state = layer->initial_state(1);
    EXPECT_EQ(layer->make_learner(state), nullptr) << layer->class_name();
  }
}

}  // namespace
}  // namespace chronicler
