// Three recurrent layers on top of one another, in both directions, with an input unlike the hidden
// sizes: gradients through all of them, with and without a mask.
#include <array>
#include <ostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "conformance/differences.h"
#include "model/model_internals.h"
#include "model/network.h"
#include "support/conformance.h"

namespace chronicler::test {
namespace {

template <class Options>
LayerPtr recurrent(LayerPtr (*make)(const Options&), std::int64_t units, bool sequences,
                   bool backwards) {
  Options options;
  options.units = units;
  options.return_sequences = sequences;
  options.go_backwards = backwards;
  options.dtype = "float64";
  return make(options);
}

LayerPtr recurrent(const std::string& kind, std::int64_t units, bool sequences, bool backwards) {
  if (kind == "LSTM") return recurrent(layers::LSTM, units, sequences, backwards);
  if (kind == "GRU") return recurrent(layers::GRU, units, sequences, backwards);
  return recurrent(layers::SimpleRNN, units, sequences, backwards);
}

struct Stack {
  std::string name;
  std::array<std::string, 3> kinds;
  std::array<bool, 3> backwards;
  bool masked;
  bool last_sequences;
};
void PrintTo(const Stack& stack, std::ostream* out) { *out << stack.name; }

std::vector<Stack> all_stacks() {
  std::vector<Stack> stacks;
  const std::vector<std::array<std::string, 3>> orders{{"SimpleRNN", "SimpleRNN", "SimpleRNN"},
                                                       {"LSTM", "LSTM", "LSTM"},
                                                       {"GRU", "GRU", "GRU"},
                                                       {"LSTM", "GRU", "SimpleRNN"}};
  const std::vector<std::array<bool, 3>> directions{
      {false, false, false}, {true, true, true}, {false, true, false}};
  for (const auto& kinds : orders) {
    for (const auto& backwards : directions) {
      for (const bool masked : {false, true}) {
        for (const bool sequences : {false, true}) {
          std::string name = kinds[0] == kinds[1] ? kinds[0] : "Mixed";
          for (const bool back : backwards) name += back ? "Back" : "Forth";
          name += masked ? "Masked" : "";
          name += sequences ? "Sequences" : "Last";
          stacks.push_back({name, kinds, backwards, masked, sequences});
        }
      }
    }
  }
  return stacks;
}

class ThreeLayers : public ::testing::TestWithParam<Stack> {};

TEST_P(ThreeLayers, GradientsAgreeWithDifferences) {
  const Stack& stack = GetParam();
  Sequential model({
      layers::Input({.shape = {None, 7}, .dtype = "float64"}),
      recurrent(stack.kinds[0], 5, true, stack.backwards[0]),
      recurrent(stack.kinds[1], 3, true, stack.backwards[1]),
      recurrent(stack.kinds[2], 4, stack.last_sequences, stack.backwards[2]),
      layers::Dense({.units = 2, .activation = "tanh", .dtype = "float64"}),
  });
  std::uint64_t seed = 40;
  for (const LayerPtr& layer : model.layers()) randomize_weights(*layer, seed++);
  Tensor x = noise({3, 5, 7}, 9, DType::float64);
  const Tensor mask = mask_from("11110/00101/00000");
  const Value input{x, stack.masked ? mask.view() : TensorView()};

  Execution& execution = ModelInternals::execution(model);
  Execution::Mode mode;
  mode.keep = true;
  const auto outputs = [&] {
    execution.forward(std::span(&input, 1), mode);
    return std::vector<Tensor>{own(execution.output().data)};
  };
  const std::vector<Tensor> flowing{noise(outputs()[0].shape(), 10, DType::float64)};
  ModelInternals::network(model).make_gradients();
  const TensorView gradient = flowing[0];
  execution.backward(std::span(&gradient, 1), true);
  const Tensor of_input = own(execution.input_gradient());

  EXPECT_TRUE(is_gradient(of_input, differences(x, flowing, outputs))) << "of the input";
  for (const LayerPtr& layer : model.layers()) {
    for (Parameter& parameter : layer->parameters()) {
      EXPECT_TRUE(is_gradient(parameter.gradient, differences(parameter.value, flowing, outputs)))
          << "of " << layer->name() << "'s " << parameter.name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Stacks, ThreeLayers, ::testing::ValuesIn(all_stacks()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace chronicler::test
