// Gradients against central differences, in double.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "chronicler/model/model.h"
#include "conformance/checks.h"
#include "conformance/differences.h"
#include "model/model_internals.h"
#include "model/network.h"
#include "training/trainer.h"

namespace chronicler::test {
namespace {

constexpr double start_of_weight_gradients = 0.25;

// Output gradients to try: everything at once, and each output alone.
std::vector<std::vector<Tensor>> output_gradients(const LayerOutput& output) {
  std::vector<Tensor> all;
  for (std::size_t i = 0; i < output.values.size(); ++i)
    all.push_back(noise(output.values[i].shape(), 100 + i, DType::float64));
  std::vector<std::vector<Tensor>> sets{all};
  if (all.size() == 1) return sets;
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::vector<Tensor> one(all.size());
    one[i] = all[i];
    sets.push_back(one);
  }
  return sets;
}

// A step that Masking leaves out is a jump: with any other number it counts. No gradient flows
// there.
void forget_masked_steps(Layer& layer, const LayerInput& input, const LayerMode& mode,
                         std::vector<double>& differences) {
  const Tensor mask = run_layer(layer, input, mode).mask;
  const auto features = differences.size() / static_cast<std::size_t>(mask.size());
  for (std::size_t i = 0; i < differences.size(); ++i) {
    if (mask.span<std::uint8_t>()[i / features] == 0) differences[i] = 0.0;
  }
}

}  // namespace

void check_gradients(const LayerCase& c) {
  const LayerPtr layer = built_layer(c, DType::float64);
  LayerInput input = made_input(c, *layer);
  const LayerMode mode = mode_of(c);
  const auto outputs = [&] {
    LayerOutput output = run_layer(*layer, input, mode);
    output.values.emplace_back(Shape{1}, std::vector<double>{output.penalty});
    return output.values;
  };

  for (std::vector<Tensor> flowing : output_gradients(run_layer(*layer, input, mode))) {
    const LayerGradient gradient =
        differentiate(*layer, input, flowing, mode, start_of_weight_gradients);
    flowing.emplace_back(Shape{1}, std::vector<double>{1.0});
    if (c.ids == 0) {
      ASSERT_TRUE(gradient.inputs[0]);
      std::vector<double> expected = differences(input.x, flowing, outputs);
      if (c.layer == "Masking") forget_masked_steps(*layer, input, mode, expected);
      EXPECT_TRUE(is_gradient(gradient.inputs[0], expected)) << "of the input";
    }
    for (std::size_t i = 0; i < input.states.size(); ++i) {
      ASSERT_TRUE(gradient.inputs[i + 1]);
      EXPECT_TRUE(
          is_gradient(gradient.inputs[i + 1], differences(input.states[i], flowing, outputs)))
          << "of initial state " << i;
    }
    for (std::size_t i = 0; i < input.more.size(); ++i) {
      ASSERT_TRUE(gradient.inputs[i + 1]);
      EXPECT_TRUE(
          is_gradient(gradient.inputs[i + 1], differences(input.more[i].x, flowing, outputs)))
          << "of further input " << i;
    }
    for (std::size_t i = 0; i < gradient.weights.size(); ++i) {
      Parameter& parameter = layer->parameters()[i];
      // Backward adds to what is there, and leaves a frozen layer's alone.
      std::vector<double> expected =
          layer->trains(i) ? differences(parameter.value, flowing, outputs)
                           : std::vector<double>(static_cast<std::size_t>(parameter.value.size()));
      for (double& value : expected) value += start_of_weight_gradients;
      EXPECT_TRUE(is_gradient(gradient.weights[i], expected)) << "of " << parameter.name;
    }
  }
}

void check_penalty_gradients(const LayerCase& c) {
  Sequential model = model_of(c, true, DType::float64);
  Tensor x = model_batch(c, 11, DType::float64);
  Network& network = ModelInternals::network(model);
  network.make_gradients();
  network.zero_gradients();
  Execution& execution = ModelInternals::execution(model);
  const Value input{x, {}};
  Execution::Mode mode;
  mode.keep = true;
  mode.training = c.training;
  mode.step = 3;
  execution.forward(std::span(&input, 1), mode);
  const Tensor flowing = noise(execution.output().data.shape(), 5, DType::float64);

  // The loss in parts, so that a large sum does not hide a small difference.
  const auto losses = [&] {
    execution.forward(std::span(&input, 1), mode);
    const Tensor penalties(
        {2}, std::vector<double>{execution.activity_penalty(), weight_penalty(model, false)});
    return std::vector<Tensor>{own(execution.output().data), penalties};
  };
  const std::vector<Tensor> factors{flowing, Tensor({2}, std::vector<double>{1.0, 1.0})};

  weight_penalty(model, true);
  const TensorView gradient = flowing;
  const bool inputs = c.ids == 0;
  execution.backward(std::span(&gradient, 1), inputs);
  const Tensor of_input = inputs ? own(execution.input_gradient()) : Tensor();
  if (inputs && c.mask == Mask::none) {
    EXPECT_TRUE(is_gradient(of_input, differences(x, factors, losses))) << "of the input";
  }
  for (Parameter* parameter : model.parameters()) {
    EXPECT_TRUE(is_gradient(parameter->gradient, differences(parameter->value, factors, losses)))
        << "of " << parameter->name;
  }
}

void check_observed_gradients(const LayerCase& c) {
  const LayerPtr layer = built_layer(c, DType::float64);
  const LayerInput input = made_input(c, *layer);
  LayerMode mode = mode_of(c);
  mode.observe = true;
  const LayerOutput whole = run_layer(*layer, input, mode);
  const std::vector<Tensor> flowing{noise(whole.values[0].shape(), 21, DType::float64)};
  const LayerGradient gradient = differentiate(*layer, input, flowing, mode);
  ASSERT_TRUE(gradient.observed);
  const std::int64_t steps = input.x.shape()[1];
  const std::int64_t rows = input.x.shape()[0];
  ASSERT_EQ(gradient.observed.shape()[0], steps);

  // The state after step t is the initial state of the steps that are left: cut there.
  const bool backwards = !layer->causal();
  const bool sequences = whole.values[0].shape().rank() == 3;
  for (std::int64_t done = 1; done < steps; ++done) {
    State state = layer->initial_state(rows);
    const auto steps_of = [&](const Tensor& all, std::int64_t begin, std::int64_t end) {
      return steps_between(all, begin, end);
    };
    const std::int64_t left = steps - done;
    const LayerInput first{backwards ? steps_of(input.x, left, steps) : steps_of(input.x, 0, done)};
    run_layer(*layer, first, mode, &state);
    LayerInput rest{backwards ? steps_of(input.x, 0, left) : steps_of(input.x, done, steps)};
    rest.states = state;
    const std::vector<Tensor> rest_flowing{sequences ? steps_of(flowing[0], done, steps)
                                                     : flowing[0]};
    LayerGradient expected = differentiate(*layer, rest, rest_flowing, mode);
    // At the cut itself the output's own gradient comes in as well.
    Tensor total = expected.inputs[1].clone();
    if (sequences) {
      const Tensor here = steps_of(flowing[0], done - 1, done);
      const double* from = here.as<double>();
      for (double& value : total.span<double>()) value += *from++;
    }
    const Tensor observed = gradient.observed.rows(done - 1, done).reshaped(total.shape());
    EXPECT_TRUE(close_to(observed, total, 1e-12)) << "after step " << done;
  }
}

}  // namespace chronicler::test
