// What SimpleRNN, LSTM and GRU share.
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;
using test::mask_from;
using test::noise;
using test::run_layer;

struct Flags {
  bool return_sequences = false;
  bool return_state = false;
  bool go_backwards = false;
  double dropout = 0.0;
  double recurrent_dropout = 0.0;
};

struct Kind {
  std::string name;
  int states;
  std::function<LayerPtr(const Flags&)> make;
};

template <class Options>
Kind kind(const std::string& name, int states, LayerPtr (*make)(const Options&)) {
  return {name, states, [make](const Flags& flags) {
            Options options;
            options.units = 3;
            options.return_sequences = flags.return_sequences;
            options.return_state = flags.return_state;
            options.go_backwards = flags.go_backwards;
            options.dropout = flags.dropout;
            options.recurrent_dropout = flags.recurrent_dropout;
            options.seed = 5;
            options.name = "memory";
            return make(options);
          }};
}

class Recurrent : public ::testing::TestWithParam<Kind> {
 protected:
  LayerPtr make(const Flags& flags = {}) const {
    const LayerPtr layer = GetParam().make(flags);
    const Shape shape{None, None, 4};
    layer->build(std::span(&shape, 1));
    test::randomize_weights(*layer, 3);
    return layer;
  }
  std::string described() const { return GetParam().name + " \"memory\""; }
};

TEST_P(Recurrent, OutputShapes) {
  const Shape x{2, 5, 4};
  const auto text = [&](const Flags& flags) {
    std::string shapes;
    for (const Shape& shape : make(flags)->output_shapes(std::span(&x, 1)))
      shapes += shape.to_string() + " ";
    return shapes;
  };
  const std::string states = GetParam().states == 2 ? "(2, 3) (2, 3) " : "(2, 3) ";
  EXPECT_EQ(text({}), "(2, 3) ");
  EXPECT_EQ(text({.return_sequences = true}), "(2, 5, 3) ");
  EXPECT_EQ(text({.return_state = true}), "(2, 3) " + states);
  EXPECT_EQ(text({.return_sequences = true, .return_state = true}), "(2, 5, 3) " + states);
}

TEST_P(Recurrent, MaskGoesOnWithSequencesOnly) {
  const test::LayerInput input{noise({2, 4, 4}, 1), mask_from("1110/1100")};
  EXPECT_TRUE(run_layer(*make({.return_sequences = true}), input).mask);
  EXPECT_FALSE(run_layer(*make(), input).mask);
}

TEST_P(Recurrent, MaskedRowWithoutStepsGivesZeroAndKeepsItsStates) {
  test::LayerInput input{noise({2, 4, 4}, 1), mask_from("0000/1111")};
  const LayerPtr layer = make({.return_state = true});
  for (const Tensor& state : layer->initial_state(2))
    input.states.push_back(noise(state.shape(), 9));
  const test::LayerOutput output = run_layer(*layer, input);
  EXPECT_TRUE(test::same_bits(output.values[0].rows(0, 1), Tensor({1, 3})));
  for (std::size_t i = 0; i < input.states.size(); ++i)
    EXPECT_TRUE(test::same_bits(output.values[i + 1].rows(0, 1), input.states[i].rows(0, 1)));
}

TEST_P(Recurrent, BackwardsIsForwardsOnTheReversedSequence) {
  const Tensor x = noise({1, 3, 4}, 1);
  Tensor reversed({1, 3, 4});
  for (std::int64_t t = 0; t < 3; ++t)
    std::copy_n(x.as<float>() + t * 4, 4, reversed.as<float>() + (2 - t) * 4);
  const LayerPtr forwards = make({.return_sequences = true});
  const LayerPtr backwards = make({.return_sequences = true, .go_backwards = true});
  EXPECT_TRUE(test::same_bits(run_layer(*backwards, {x}).values[0],
                              run_layer(*forwards, {reversed}).values[0]));
  EXPECT_FALSE(backwards->causal());
  EXPECT_TRUE(forwards->causal());
}

TEST_P(Recurrent, DropoutBelongsToSeedAndStep) {
  const Tensor x = noise({2, 3, 4}, 1);
  for (const Flags& flags : {Flags{.dropout = 0.5}, Flags{.recurrent_dropout = 0.5},
                             Flags{.dropout = 0.5, .recurrent_dropout = 0.5}}) {
    const LayerPtr layer = make(flags);
    const auto y = [&](const test::LayerMode& mode) {
      return run_layer(*layer, {x}, mode).values[0];
    };
    const Tensor plain = run_layer(*make(), {x}).values[0];
    EXPECT_TRUE(test::same_bits(y({}), plain)) << "not while training";
    EXPECT_FALSE(test::same_bits(y({.training = true, .step = 1}), plain));
    EXPECT_TRUE(
        test::same_bits(y({.training = true, .step = 1}), y({.training = true, .step = 1})));
    EXPECT_FALSE(
        test::same_bits(y({.training = true, .step = 1}), y({.training = true, .step = 2})));
  }
}

// E[x . mask / (1 - p)] = x: with linear pieces the mean over many draws is the plain result.
TEST_P(Recurrent, DropoutKeepsTheMean) {
  const LayerPtr layer = make({.dropout = 0.3});
  const Tensor x = test::scaled(noise({1, 1, 4}, 1), 0.01);  // small: nearly linear
  const std::vector<double> plain = test::numbers(run_layer(*layer, {x}).values[0]);
  std::vector<double> mean(plain.size());
  constexpr int draws = 2000;
  for (int step = 0; step < draws; ++step) {
    const Tensor y =
        run_layer(*layer, {x}, {.training = true, .step = static_cast<std::uint64_t>(step)})
            .values[0];
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += test::numbers(y)[i] / draws;
  }
  for (std::size_t i = 0; i < mean.size(); ++i) EXPECT_NEAR(mean[i], plain[i], 3e-4);
}

TEST_P(Recurrent, InitialStateIsZeroByDefault) {
  const LayerPtr layer = make();
  const Tensor x = noise({2, 3, 4}, 1);
  test::LayerInput with_zeros{x};
  with_zeros.states = layer->initial_state(2);
  EXPECT_EQ(static_cast<int>(with_zeros.states.size()), GetParam().states);
  EXPECT_TRUE(
      test::same_bits(run_layer(*layer, {x}).values[0], run_layer(*layer, with_zeros).values[0]));
}

TEST_P(Recurrent, RefusesWrongInput) {
  const LayerPtr fresh = GetParam().make({});
  EXPECT_EQ(error_of([&] {
              run_layer(*fresh, {noise({32, 64}, 1)});
            }),
            described() +
                " needs 3-D input (batch, steps, features), got (32, 64): set "
                "return_sequences=true on the layer before it, or give the data a "
                "features axis");
  const Shape unknown{None, 5, None};
  EXPECT_EQ(error_of([&] { fresh->build(std::span(&unknown, 1)); }),
            described() +
                " needs a known number of features, got (None, 5, None): give the last "
                "axis of input_shape");
  const LayerPtr layer = make();
  EXPECT_EQ(error_of([&] {
              run_layer(*layer, {noise({2, 3, 11}, 1)});
            }),
            described() +
                ": input has 11 features per step, its kernel was built for 4: check the "
                "order and number of the columns");
  EXPECT_EQ(
      error_of([&] {
        run_layer(
            *layer,
            {noise({2, 3, 4}, 1), {}, {noise({2, 7}, 1), noise({2, 7}, 1), noise({2, 7}, 1)}});
      }),
      described() + (GetParam().states == 2
                         ? " takes a sequence, or a sequence and 2 initial states, got 4 inputs"
                         : " takes a sequence, or a sequence and 1 initial state, got 4 inputs"));
  test::LayerInput wrong_state{noise({2, 3, 4}, 1)};
  wrong_state.states.assign(static_cast<std::size_t>(GetParam().states), noise({2, 7}, 1));
  EXPECT_EQ(error_of([&] { run_layer(*layer, wrong_state); }),
            described() + ": initial state 0 must be (2, 3), got (2, 7)");
}

INSTANTIATE_TEST_SUITE_P(Kinds, Recurrent,
                         ::testing::Values(kind("SimpleRNN", 1, layers::SimpleRNN),
                                           kind("LSTM", 2, layers::LSTM),
                                           kind("GRU", 1, layers::GRU)),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace chronicler
