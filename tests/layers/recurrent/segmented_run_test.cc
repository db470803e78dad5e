// Steps that are computed again give the bits of those that were kept, in less memory.
#include "layers/recurrent/segmented_run.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "layers/recurrent/keep_plan.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::noise;

constexpr std::int64_t rows = 5;  // 52 steps are summed together
constexpr std::int64_t steps = 271;
constexpr std::int64_t features = 3;

struct Flags {
  bool return_sequences = false;
  bool return_state = false;
  bool go_backwards = false;
  bool zero_output_for_mask = false;
  double dropout = 0.0;
  double recurrent_dropout = 0.0;
  std::string activation = "tanh";
};

template <class Options>
LayerPtr made(LayerPtr (*make)(const Options&), const Flags& flags, const std::string& dtype) {
  Options options;
  options.units = 4;
  options.return_sequences = flags.return_sequences;
  options.return_state = flags.return_state;
  options.go_backwards = flags.go_backwards;
  options.zero_output_for_mask = flags.zero_output_for_mask;
  options.dropout = flags.dropout;
  options.recurrent_dropout = flags.recurrent_dropout;
  options.activation = flags.activation;
  options.seed = 5;
  options.dtype = dtype;
  const LayerPtr layer = make(options);
  const Shape shape{None, None, features};
  layer->build(std::span(&shape, 1));
  test::randomize_weights(*layer, 3);
  return layer;
}

std::vector<LayerPtr> layers_with(const Flags& flags, const std::string& dtype) {
  return {made(layers::SimpleRNN, flags, dtype), made(layers::LSTM, flags, dtype),
          made(layers::GRU, flags, dtype)};
}

// Row 0 counts to the end, 1 ends early, 2 begins late, 3 has holes, 4 has no steps.
Tensor mixed_mask() {
  Tensor mask({rows, steps}, DType::boolean);
  for (std::int64_t t = 0; t < steps; ++t) {
    auto* at = mask.as<std::uint8_t>() + t;
    at[0] = 1;
    at[steps] = static_cast<std::uint8_t>(t < 60);
    at[2 * steps] = static_cast<std::uint8_t>(t > 200);
    at[3 * steps] = static_cast<std::uint8_t>(t % 7 != 3 && t % 90 < 70);
    at[4 * steps] = 0;
  }
  return mask;
}

test::LayerInput input_of(Layer& layer, bool masked, bool initial) {
  test::LayerInput input{noise({rows, steps, features}, 1, layer.dtype())};
  if (masked) input.mask = mixed_mask();
  for (const Tensor& state : layer.initial_state(rows)) {
    if (initial)
      input.states.push_back(noise(state.shape(), 9 + input.states.size(), layer.dtype()));
  }
  return input;
}

std::vector<Tensor> gradients_for(Layer& layer, const test::LayerInput& input) {
  std::vector<Tensor> gradients;
  for (const Tensor& value : test::run_layer(layer, input).values)
    gradients.push_back(noise(value.shape(), 21 + gradients.size(), layer.dtype()));
  return gradients;
}

void expect_same(const test::LayerGradient& a, const test::LayerGradient& b) {
  for (std::size_t i = 0; i < a.inputs.size(); ++i)
    EXPECT_TRUE(test::same_bits(a.inputs[i], b.inputs[i])) << "input " << i;
  for (std::size_t i = 0; i < a.weights.size(); ++i)
    EXPECT_TRUE(test::same_bits(a.weights[i], b.weights[i])) << "weight " << i;
  EXPECT_TRUE(!a.observed || test::same_bits(a.observed, b.observed));
}

// Budgets from the smallest to nearly everything.
void check_budgets(Layer& layer, bool masked, bool initial, bool observe) {
  const test::LayerInput input = input_of(layer, masked, initial);
  const std::vector<Tensor> flowing = gradients_for(layer, input);
  const Shape& x = input.x.shape();
  const auto kept = layer.kept_steps(std::span(&x, 1));
  ASSERT_TRUE(kept);
  ASSERT_EQ(kept->steps, steps);
  const std::int64_t together = steps_together(layer, rows);
  const std::int64_t least = least_bytes(*kept, together);
  test::LayerMode mode{.training = true, .step = 7, .observe = observe};
  const test::LayerGradient whole = test::differentiate(layer, input, flowing, mode);
  for (const std::int64_t bytes :
       {least, (3 * least + most_bytes(*kept)) / 4, most_bytes(*kept) - 1}) {
    SCOPED_TRACE(fmt::format("{} bytes of {}", bytes, most_bytes(*kept)));
    EXPECT_FALSE(keep_plan(*kept, together, bytes).keeps_all());
    mode.keep_bytes = bytes;
    expect_same(whole, test::differentiate(layer, input, flowing, mode));
  }
}

TEST(Segments, GiveTheBitsOfKeepingEverything) {
  const std::vector<Flags> cases{
      {},
      {.return_sequences = true},
      {.return_sequences = true, .return_state = true, .go_backwards = true},
      {.return_state = true, .zero_output_for_mask = true},
      {.return_sequences = true, .zero_output_for_mask = true, .dropout = 0.3},
      {.return_sequences = true, .dropout = 0.3, .recurrent_dropout = 0.4},
      {.go_backwards = true, .recurrent_dropout = 0.4},
      {.return_sequences = true, .activation = "silu"},  // which needs what it was given
  };
  for (const std::string dtype : {"float32", "float64"}) {
    for (const Flags& flags : cases) {
      for (const LayerPtr& layer : layers_with(flags, dtype)) {
        for (const bool masked : {false, true}) {
          SCOPED_TRACE(fmt::format("{} {} sequences {} state {} backwards {} masked {}",
                                   layer->class_name(), dtype, flags.return_sequences,
                                   flags.return_state, flags.go_backwards, masked));
          check_budgets(*layer, masked, masked || flags.return_state, flags.return_state);
        }
      }
    }
  }
}

TEST(Segments, GiveTheSameBitsForAnyNumberOfThreads) {
  for (const LayerPtr& layer : layers_with({.return_sequences = true}, "float32")) {
    SCOPED_TRACE(layer->class_name());
    const test::LayerInput input = input_of(*layer, true, false);
    const std::vector<Tensor> flowing = gradients_for(*layer, input);
    Runtime one(1);
    Runtime two(2);
    const test::LayerGradient alone =
        test::differentiate(*layer, input, flowing, {.runtime = &one, .keep_bytes = 1});
    expect_same(alone,
                test::differentiate(*layer, input, flowing, {.runtime = &two, .keep_bytes = 1}));
    expect_same(alone, test::differentiate(*layer, input, flowing, {.runtime = &two}));
  }
}

// An LSTM of 128 over 1,000 steps: 95 % of its tape need not be there.
TEST(Segments, SaveTheTape) {
  const LayerPtr layer = layers::LSTM({.units = 128});
  const test::LayerInput input{noise({8, 1000, 32}, 1)};
  const std::vector<Tensor> flowing = {noise({8, 128}, 2)};
  const test::LayerGradient whole = test::differentiate(*layer, input, flowing);
  const Shape& x = input.x.shape();
  const std::int64_t tape = most_bytes(*layer->kept_steps(std::span(&x, 1)));
  const test::LayerGradient some =
      test::differentiate(*layer, input, flowing, {.keep_bytes = tape / 20});
  expect_same(whole, some);
  EXPECT_GE(static_cast<double>(whole.memory - some.memory), 0.95 * static_cast<double>(tape));
}

// Layer by layer in pieces of the caller's, as a stack runs them.
TEST(Segments, RunInPieces) {
  for (const bool keep : {false, true}) {
    for (const LayerPtr& layer :
         layers_with({.return_sequences = true, .return_state = true, .dropout = 0.2}, "float32")) {
      SCOPED_TRACE(layer->class_name());
      const test::LayerInput input = input_of(*layer, true, true);
      const std::vector<Tensor> flowing = gradients_for(*layer, input);
      const test::LayerMode mode{.training = true, .step = 3};
      const test::LayerOutput whole = test::run_layer(*layer, input, mode);
      const test::LayerGradient way_back = test::differentiate(*layer, input, flowing, mode);

      const auto& recurrent = dynamic_cast<const RecurrentLayer&>(*layer);
      Arena arena;
      Pass pass{arena, Runtime::global(), true, 3};
      std::vector<Value> inputs{{input.x, input.mask}};
      for (const Tensor& state : input.states) inputs.push_back({state, {}});
      std::vector<Value> outputs(whole.values.size());
      Tape tape;
      Call call{inputs, outputs, keep ? &tape : nullptr};
      RecurrentLayer::Segments& forward = recurrent.begin_forward(pass, call);
      for (std::int64_t begin = 0; begin < steps; begin += 37)
        recurrent.forward_steps(pass, forward, {begin, std::min(begin + 37, steps)});
      recurrent.end_forward(pass, call, forward);
      for (std::size_t i = 0; i < outputs.size(); ++i)
        EXPECT_TRUE(test::same_bits(outputs[i].data, whole.values[i]));
      if (!keep) continue;

      for (Parameter& parameter : layer->parameters()) parameter.gradient.fill(0.0);
      const std::vector<TensorView> given(flowing.begin(), flowing.end());
      std::vector<TensorView> results(inputs.size());
      const auto wanted = std::make_unique<bool[]>(inputs.size());
      std::fill_n(wanted.get(), inputs.size(), true);
      CallGradient gradient{given, results, {wanted.get(), inputs.size()}};
      RecurrentLayer::Segments& backward = recurrent.begin_backward(pass, call, gradient);
      for (std::int64_t end = steps; end > 0;) {
        const std::int64_t begin = (end - 1) / backward.steps_summed * backward.steps_summed;
        recurrent.backward_steps(pass, backward, {begin, end});
        end = begin;
      }
      recurrent.end_backward(call, gradient, backward);
      for (std::size_t i = 0; i < results.size(); ++i)
        EXPECT_TRUE(test::same_bits(results[i], way_back.inputs[i])) << i;
      for (std::size_t i = 0; i < way_back.weights.size(); ++i)
        EXPECT_TRUE(test::same_bits(layer->parameters()[i].gradient, way_back.weights[i])) << i;
    }
  }
}

}  // namespace
}  // namespace chronicler
