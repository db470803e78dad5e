#include "chronicler/model/stream.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "kernels/isa.h"
#include "kernels/step.h"
#include "support/conformance.h"
#include "support/recurrence_fixture.h"

namespace chronicler {
namespace {

using test::error_of;
using test::noise;
using test::same_bits;

Sequential model_of_three_layers() {
  return Sequential(
      {layers::LSTM({.units = 5, .return_sequences = true, .input_shape = Shape{None, 3}}),
       layers::GRU({.units = 4}), layers::Dense({.units = 2})},
      "live");
}

std::vector<float> step_of(const Tensor& x, std::int64_t step) {
  const std::int64_t width = x.shape()[-1];
  const float* at = x.as<float>() + step * width;
  return {at, at + width};
}

Tensor result(Stream& stream, std::span<const float> x) {
  return Tensor::of<float>({1, stream.outputs()}, stream.step(x));
}

TEST(Stream, SaysItsSizes) {
  const Stream stream = model_of_three_layers().stream();
  EXPECT_EQ(stream.features(), 3);
  EXPECT_EQ(stream.outputs(), 2);
}

TEST(Stream, StepByStepIsTheWholeSequence) {
  Sequential model = model_of_three_layers();
  const Tensor x = noise({1, 9, 3}, 1);
  Stream stream = model.stream();
  Tensor last;
  for (std::int64_t step = 0; step < 9; ++step) last = result(stream, step_of(x, step));
  EXPECT_TRUE(same_bits(last, model.predict(x)));
}

TEST(Stream, OutlivesItsModel) {
  auto model = std::make_unique<Sequential>(model_of_three_layers());
  const Tensor x = noise({1, 1, 3}, 1);
  const Tensor expected = model->predict(x);
  Stream stream = model->stream();
  model.reset();
  EXPECT_TRUE(same_bits(result(stream, step_of(x, 0)), expected));
}

TEST(Stream, ResetStartsANewSequence) {
  const Sequential model = model_of_three_layers();
  Stream stream = model.stream();
  const Tensor x = noise({1, 2, 3}, 1);
  const Tensor first = result(stream, step_of(x, 0));
  result(stream, step_of(x, 1));
  stream.reset();
  EXPECT_TRUE(same_bits(result(stream, step_of(x, 0)), first));
}

TEST(Stream, CopiesGoTheirOwnWay) {
  const Sequential model = model_of_three_layers();
  Stream stream = model.stream();
  const Tensor x = noise({1, 4, 3}, 1);
  result(stream, step_of(x, 0));
  Stream copy = stream;
  const Tensor next = result(stream, step_of(x, 1));
  result(stream, step_of(x, 2));
  EXPECT_TRUE(same_bits(result(copy, step_of(x, 1)), next));
  Stream assigned = model.stream();
  assigned = copy;
  EXPECT_TRUE(same_bits(result(assigned, step_of(x, 3)), result(copy, step_of(x, 3))));
  Stream moved = std::move(assigned);
  EXPECT_TRUE(same_bits(result(moved, step_of(x, 0)), result(copy, step_of(x, 0))));
}

TEST(Stream, StatesCanBeKeptAndPutBack) {
  const Sequential model = model_of_three_layers();
  Stream stream = model.stream();
  const Tensor x = noise({1, 3, 3}, 1);
  result(stream, step_of(x, 0));
  const std::vector<State> kept = stream.state();
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[0].size(), 2U) << "h and c of the LSTM";
  EXPECT_EQ(kept[1].size(), 1U);
  const Tensor next = result(stream, step_of(x, 1));
  result(stream, step_of(x, 2));
  stream.set_state(kept);
  EXPECT_TRUE(same_bits(result(stream, step_of(x, 1)), next));
  Stream other = model.stream();
  other.set_state(kept);
  EXPECT_TRUE(same_bits(result(other, step_of(x, 1)), next));

  const std::string hint = ": take them from state() of a stream of the same model";
  EXPECT_EQ(error_of([&] { stream.set_state({kept[0]}); }),
            "the stream has 3 state tensors; number or shapes of the given 2 differ" + hint);
  EXPECT_EQ(error_of([&] {
              stream.set_state({{noise({1, 5}, 1), noise({1, 5}, 1)}, {noise({1, 5}, 1)}});
            }),
            "the stream has 3 state tensors; number or shapes of the given 3 differ" + hint);
}

TEST(Stream, SeveralShareAModel) {
  const Sequential model = model_of_three_layers();
  Stream a = model.stream();
  Stream b = model.stream();
  const Tensor x = noise({1, 2, 3}, 1);
  const Tensor first = result(a, step_of(x, 0));
  EXPECT_TRUE(same_bits(result(b, step_of(x, 0)), first));
  result(a, step_of(x, 1));
  b.reset();
  EXPECT_TRUE(same_bits(result(b, step_of(x, 0)), first));
}

TEST(Stream, TakesTheWeightsWhenAsked) {
  Sequential model = model_of_three_layers();
  Stream stream = model.stream();
  const Tensor x = noise({1, 1, 3}, 1);
  const Tensor before = model.predict(x);
  for (const LayerPtr& layer : model.layers()) test::randomize_weights(*layer, 77);
  EXPECT_TRUE(same_bits(result(stream, step_of(x, 0)), before)) << "it keeps what it was made with";
  stream.reset();
  stream.take_weights();
  EXPECT_TRUE(same_bits(result(stream, step_of(x, 0)), model.predict(x)));
}

TEST(Stream, WrongLengthsGiveNaNAndChangeNothing) {
  const Sequential model = model_of_three_layers();
  Stream stream = model.stream();
  const Tensor x = noise({1, 2, 3}, 1);
  result(stream, step_of(x, 0));
  Stream twin = stream;
  std::vector<float> y(2);
  const std::vector<float> four(4, 1.0F);
  stream.step(four, y);
  for (const float value : y) EXPECT_TRUE(std::isnan(value));
  std::vector<float> short_y(1);
  stream.step(step_of(x, 1), short_y);
  EXPECT_TRUE(std::isnan(short_y[0]));
  EXPECT_TRUE(same_bits(result(stream, step_of(x, 1)), result(twin, step_of(x, 1))));
}

TEST(Stream, IdsOutsideTheTableGiveNaNAndChangeNothing) {
  const Sequential model({layers::Input({.shape = {None}, .dtype = "int32"}),
                          layers::Embedding({.input_dim = 4, .output_dim = 3}),
                          layers::LSTM({.units = 2})});
  Stream stream = model.stream();
  EXPECT_EQ(stream.features(), 1);
  const std::vector<float> two{2.0F};
  result(stream, two);
  Stream twin = stream;
  for (const float id : {4.0F, -1.0F, 4.5F, std::nanf("")}) {
    const std::vector<float> wrong{id};
    EXPECT_TRUE(std::isnan(stream.step(wrong)[0])) << id;
  }
  const std::vector<float> nearly_three{2.5F};  // cut off, as Embedding does
  EXPECT_TRUE(same_bits(result(stream, nearly_three), result(twin, two)));
}

// A masked step of a stream puts out what the whole sequence puts out there: the output before it.
TEST(Stream, MaskedStepsRepeatTheLastOutput) {
  Sequential model({layers::Masking({.input_shape = Shape{None, 3}}),
                    layers::LSTM({.units = 4, .return_sequences = true}),
                    layers::GRU({.units = 2})});
  Tensor x = noise({1, 6, 3}, 1);
  for (const std::int64_t masked : {0, 2, 3, 5}) std::fill_n(x.as<float>() + masked * 3, 3, 0.0F);
  Stream stream = model.stream();
  for (std::int64_t step = 0; step < 6; ++step) {
    Tensor prefix({1, step + 1, 3});
    std::copy_n(x.as<float>(), (step + 1) * 3, prefix.as<float>());
    EXPECT_TRUE(same_bits(result(stream, step_of(x, step)), model.predict(prefix))) << step;
  }
}

TEST(Stream, RunsADoubleModel) {
  Sequential model({layers::LSTM({.units = 3, .dtype = "float64", .input_shape = Shape{None, 2}})});
  const Tensor x = noise({1, 1, 2}, 1);
  Stream stream = model.stream();
  EXPECT_TRUE(same_bits(result(stream, step_of(x, 0)), model.predict(x).to(DType::float32)));
}

// Sizes that fill a vector, a block and a group of blocks, and sizes that do not.
constexpr std::array<std::int64_t, 9> sizes{1, 4, 8, 9, 16, 17, 33, 64, 70};

Sequential model_of(const std::string& cell, std::int64_t units) {
  const auto layer = [&]() -> LayerPtr {
    if (cell == "lstm") return layers::LSTM({.units = units, .bias_initializer = "random_normal"});
    if (cell == "gru") return layers::GRU({.units = units, .bias_initializer = "random_normal"});
    if (cell == "other lstm") {
      return layers::LSTM(
          {.units = units, .activation = "softsign", .recurrent_activation = "hard_sigmoid"});
    }
    return layers::SimpleRNN({.units = units});
  };
  return Sequential({layers::Input(Shape{None, 3}), layer(), layers::Dense({.units = 5}),
                     layers::Dense({.units = 1})},
                    "live");
}

// Calls check(model, x) for cells and sizes on each instruction set.
template <class Check>
void for_cells(Check check) {
  for (const std::string& isa : kernels::available_isas()) {
    SCOPED_TRACE(isa);
    const test::IsaForNow guard(isa);
    for (const std::string cell : {"lstm", "gru", "simple_rnn", "other lstm"}) {
      for (const std::int64_t units : sizes) {
        SCOPED_TRACE(fmt::format("{} {}", cell, units));
        Sequential model = model_of(cell, units);
        check(model, noise({1, 7, 3}, 1));
      }
    }
  }
}

Tensor streamed(Stream stream, const Tensor& x) {
  Tensor last;
  for (std::int64_t step = 0; step < x.shape()[1]; ++step) last = result(stream, step_of(x, step));
  return last;
}

TEST(Stream, IsThePredictionToTheBit) {
  for_cells([](Sequential& model, const Tensor& x) {
    EXPECT_TRUE(same_bits(streamed(model.stream(), x), model.predict(x)));
  });
}

TEST(Stream, WithBfloat16IsTheModelWithRoundedKernels) {
  for_cells([](Sequential& model, const Tensor& x) {
    const Tensor rounded = streamed(model.stream({.weights = "bfloat16"}), x);
    std::vector<Tensor> weights = model.get_weights();
    for (Tensor& tensor : weights) {
      if (tensor.shape().rank() != 2 || tensor.shape()[0] == 2) continue;  // a bias
      auto* numbers = tensor.as<float>();
      std::transform(numbers, numbers + tensor.size(), numbers, kernels::rounded_to_bfloat16);
    }
    model.set_weights(weights);
    EXPECT_TRUE(same_bits(rounded, model.predict(x)));
  });
}

TEST(Stream, CopiesKeepBfloat16) {
  const Sequential model = model_of("lstm", 20);
  const Stream stream = model.stream({.weights = "bfloat16"});
  const Tensor x = noise({1, 4, 3}, 1);
  EXPECT_TRUE(same_bits(streamed(stream, x), streamed(model.stream({.weights = "bfloat16"}), x)));
  EXPECT_FALSE(same_bits(streamed(stream, x), streamed(model.stream(), x)));
}

TEST(Stream, RefusesOtherWeights) {
  const Sequential model = model_of("lstm", 4);
  EXPECT_EQ(error_of([&] { model.stream({.weights = "int8"}); }),
            "a stream has no weights of type \"int8\": give \"float32\" or \"bfloat16\"");
  const Sequential loops(
      {layers::Input(Shape{None, 3}), layers::GRU({.units = 4, .reset_after = false})});
  EXPECT_NE(error_of([&] { loops.stream({.weights = "bfloat16"}); }).find("quick step"),
            std::string::npos);
}

TEST(Stream, RoundsToTheNearestBfloat16) {
  using kernels::rounded_to_bfloat16;
  EXPECT_EQ(rounded_to_bfloat16(1.0F), 1.0F);
  EXPECT_EQ(rounded_to_bfloat16(1.00390625F), 1.0F);       // half way, to the even one
  EXPECT_EQ(rounded_to_bfloat16(1.01171875F), 1.015625F);  // half way, to the even one
  EXPECT_EQ(rounded_to_bfloat16(-1.005F), -1.0078125F);
  EXPECT_EQ(rounded_to_bfloat16(3.4e38F), std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(rounded_to_bfloat16(std::numeric_limits<float>::quiet_NaN())));
}

TEST(Stream, RefusesWhatLooksAhead) {
  const Sequential model({layers::LSTM(
      {.units = 3, .go_backwards = true, .name = "back", .input_shape = Shape{None, 2}})});
  EXPECT_EQ(error_of([&] { model.stream(); }),
            "the model cannot be streamed: LSTM \"back\" needs the whole sequence: predict whole "
            "sequences with it");
  const Sequential flat({layers::Flatten({.name = "flat", .input_shape = Shape{3, 2}})});
  EXPECT_EQ(error_of([&] { flat.stream(); }),
            "the model cannot be streamed: Flatten \"flat\" needs the whole sequence: predict "
            "whole sequences with it");
  const Sequential vectors({layers::Dense({.units = 3, .input_shape = Shape{4}})}, "vectors");
  EXPECT_EQ(error_of([&] { vectors.stream(); }),
            "a stream needs a model of sequences, its input is (None, 4): give the model inputs "
            "(batch, steps, features), or predict with it");
}

}  // namespace
}  // namespace chronicler
