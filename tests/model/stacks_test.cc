#include "model/stacks.h"

#include <functional>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/functional.h"
#include "model/model_internals.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::noise;
using test::same_bits;

// Threads for the life of the object.
class Threads {
 public:
  explicit Threads(int count) : before_(Runtime::global().threads()) { set_threads(count); }
  ~Threads() { set_threads(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

// What a training pass over a model leaves behind.
struct Results {
  std::vector<Tensor> all;  // outputs, gradients of the input and of every weight
};

Results run(Model& model, const Tensor& x, const Tensor& mask, int threads, int passes = 1) {
  const Threads held(threads);
  Execution execution(ModelInternals::network(model));
  ModelInternals::network(model).make_gradients();
  Results results;
  for (int pass = 0; pass < passes; ++pass) {
    ModelInternals::network(model).zero_gradients();
    const Value input{x, mask};
    execution.forward(std::span(&input, 1), {.training = true, .keep = true, .step = 3});
    std::vector<Tensor> slopes;
    std::vector<TensorView> views;
    for (std::size_t i = 0; i < ModelInternals::network(model).outputs().size(); ++i) {
      slopes.push_back(noise(execution.output(i).data.shape(), 40 + i, x.dtype()));
      views.push_back(slopes.back());
    }
    for (std::size_t i = 0; i < views.size(); ++i)
      results.all.push_back(own(execution.output(i).data));
    execution.backward(views, true);
    results.all.push_back(own(execution.input_gradient()));
    for (const Parameter* parameter : model.parameters())
      results.all.push_back(parameter->gradient.clone());
    execution.forward(std::span(&input, 1), {});  // without a tape
    for (std::size_t i = 0; i < views.size(); ++i)
      results.all.push_back(own(execution.output(i).data));
  }
  return results;
}

void expect_same(Model& model, const Tensor& x, const Tensor& mask = {}) {
  const Results alone = run(model, x, mask, 1, 2);
  for (const int threads : {2, 3}) {
    const Results together = run(model, x, mask, threads, 2);
    ASSERT_EQ(alone.all.size(), together.all.size());
    for (std::size_t i = 0; i < alone.all.size(); ++i)
      EXPECT_TRUE(same_bits(alone.all[i], together.all[i])) << i << " with " << threads;
  }
}

std::size_t first_stack(const Model& model) {
  const Network& network = ModelInternals::network(model);
  for (std::size_t i = 0; i < network.run_order().size(); ++i) {
    const std::size_t size = stack_size(network, i);
    if (size > 1) return size;
  }
  return 1;
}

TEST(Stacks, FindsLayersOneAboveTheOther) {
  const Sequential model({layers::Input(Shape{None, 5}),
                          layers::LSTM({.units = 4, .return_sequences = true}),
                          layers::GRU({.units = 3, .return_sequences = true}),
                          layers::SimpleRNN({.units = 2}), layers::Dense({.units = 1})});
  EXPECT_EQ(first_stack(model), 3U);
}

TEST(Stacks, LeavesAloneWhatDoesNotFollowStepByStep) {
  const auto stack = [](const LayerPtr& above) {
    return first_stack(Sequential({layers::Input(Shape{None, 5}),
                                   layers::LSTM({.units = 4, .return_sequences = true}), above}));
  };
  EXPECT_EQ(stack(layers::LSTM({.units = 4})), 2U);
  EXPECT_EQ(stack(layers::LSTM({.units = 4, .go_backwards = true})), 1U);
  EXPECT_EQ(stack(layers::LSTM({.units = 4, .activity_regularizer = "l2"})), 1U);
  EXPECT_EQ(stack(layers::LSTM({.units = 4, .peepholes = true})), 1U);
  EXPECT_EQ(stack(layers::LSTM({.units = 4, .activation = "softmax"})), 1U);
  EXPECT_EQ(stack(layers::Bidirectional(layers::LSTM({.units = 4}))), 1U);
}

TEST(Stacks, LeavesAloneASequenceThatOthersReadToo) {
  const Symbol x = Input({.shape = {None, 5}});
  const Symbol below = layers::LSTM({.units = 4, .return_sequences = true})(x);
  const Symbol above = layers::LSTM({.units = 4, .return_sequences = true})(below);
  EXPECT_EQ(first_stack(Functional({x}, {above})), 2U);
  EXPECT_EQ(first_stack(Functional({x}, {above, below})), 1U);
  EXPECT_EQ(first_stack(Functional({x}, {layers::Add()({below, above})})), 1U);
}

TEST(Stacks, GiveTheSameBitsSideBySide) {
  const auto lstm = [](std::int64_t units, double dropout = 0.0) {
    return layers::LSTM({.units = units,
                         .dropout = dropout,
                         .recurrent_dropout = dropout,
                         .seed = 7,
                         .return_sequences = true});
  };
  for (const std::int64_t steps : {700, 1027}) {
    const Tensor x = noise({1, steps, 24}, 5);
    Sequential two(
        {layers::Input(Shape{None, 24}), lstm(40), lstm(33), layers::Dense({.units = 3})});
    expect_same(two, x);
    Sequential last({layers::Input(Shape{None, 24}), lstm(40), layers::GRU({.units = 33})});
    expect_same(last, x);
    Sequential three({layers::Input(Shape{None, 24}), lstm(24, 0.3),
                      layers::GRU({.units = 40, .return_sequences = true, .reset_after = false}),
                      layers::SimpleRNN({.units = 30, .return_sequences = true})});
    expect_same(three, x);
    Sequential round({layers::Input(Shape{None, 24}),
                      layers::LSTM({.units = 32, .return_sequences = true, .go_backwards = true}),
                      lstm(32)});
    expect_same(round, x);
  }
}

TEST(Stacks, GiveTheSameBitsWithMasks) {
  Tensor mask({1, 800}, DType::boolean);
  for (std::int64_t t = 0; t < 800; ++t)
    mask.as<std::uint8_t>()[t] = static_cast<std::uint8_t>(t % 7 != 3 && t < 700 && t > 2);
  Sequential model({layers::Input(Shape{None, 24}),
                    layers::LSTM({.units = 40, .return_sequences = true}),
                    layers::LSTM({.units = 40, .return_sequences = true})});
  expect_same(model, noise({1, 800, 24}, 6), mask);
}

TEST(Stacks, GiveTheSameBitsInDouble) {
  Sequential model({layers::Input({.shape = {None, 12}, .dtype = "float64"}),
                    layers::LSTM({.units = 20, .return_sequences = true, .dtype = "float64"}),
                    layers::GRU({.units = 20, .dtype = "float64"})});
  expect_same(model, noise({1, 700, 12}, 6, DType::float64));
}

// States that come in at the bottom and go out at the top.
TEST(Stacks, CarryStates) {
  const Symbol x = Input({.shape = {None, 24}});
  const Symbols start = layers::LSTM({.units = 32, .return_state = true})(x);
  const Symbol below =
      layers::LSTM({.units = 32, .return_sequences = true})({x, start[1], start[2]});
  const Symbols above =
      layers::LSTM({.units = 32, .return_sequences = true, .return_state = true})(below);
  Functional model({x}, {above[0], above[1], above[2]});
  EXPECT_EQ(first_stack(model), 2U);
  expect_same(model, noise({1, 700, 24}, 8));
}

TEST(Stacks, StayStateful) {
  Sequential model({layers::Input({.shape = {None, 24}, .batch_size = 1}),
                    layers::LSTM({.units = 40, .return_sequences = true, .stateful = true}),
                    layers::LSTM({.units = 40, .stateful = true})});
  expect_same(model, noise({1, 700, 24}, 5));
}

}  // namespace
}  // namespace chronicler
