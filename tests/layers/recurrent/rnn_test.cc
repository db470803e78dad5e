#include "chronicler/layers/rnn.h"

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::differentiate;
using test::noise;
using test::run_layer;
using test::same_bits;

TEST(RNN, OfOneCellIsTheLayerOfItsName) {
  const LayerPtr lstm = layers::LSTM({.units = 3, .return_sequences = true, .return_state = true});
  const LayerPtr rnn = layers::RNN(
      {.cell = layers::LSTMCell({.units = 3}), .return_sequences = true, .return_state = true});
  const test::LayerInput input{noise({4, 5, 2}, 1), test::mask_from("11111/11000/01100/00000")};
  const test::LayerOutput expected = run_layer(*lstm, input);
  rnn->build(std::span(&input.x.shape(), 1));
  for (std::size_t i = 0; i < 3; ++i) copy(lstm->parameters()[i].value, rnn->parameters()[i].value);
  const test::LayerOutput got = run_layer(*rnn, input);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(same_bits(got.values[i], expected.values[i]));
}

// A cell of somebody's own: h' = x + h / 2, out = h'.
class Leak final : public Layer {
 public:
  Leak() { set_name("leak"); }
  std::string_view class_name() const override { return "Leak"; }
  LayerPtr clone() const override { return clone_of(*this); }
  void fields(FieldVisitor& /*visitor*/) override {}
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return {inputs[0], inputs[0]};
  }
  State initial_state(std::int64_t batch) const override { return {Tensor({batch, 2}, dtype())}; }
  void check_inputs(std::span<const Value> /*inputs*/) const override {}
  void forward(Pass& pass, Call& call) const override {
    const TensorView y = pass.arena.tensor(call.inputs[0].data.shape(), dtype());
    for (std::int64_t i = 0; i < y.size(); ++i)
      y.as<float>()[i] =
          call.inputs[0].data.as<float>()[i] + call.inputs[1].data.as<float>()[i] / 2;
    call.outputs[0] = call.outputs[1] = {y, {}};
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    for (std::size_t i = 0; i < 2; ++i)
      gradient.inputs[i] = pass.arena.zeros(call.inputs[i].data.shape(), dtype());
    for (const TensorView& dy : gradient.outputs) {
      if (!dy) continue;
      for (std::int64_t i = 0; i < dy.size(); ++i) {
        gradient.inputs[0].as<float>()[i] += dy.as<float>()[i];
        gradient.inputs[1].as<float>()[i] += dy.as<float>()[i] / 2;
      }
    }
  }
};

TEST(RNN, TakesACellOfSomebodysOwn) {
  const LayerPtr rnn = layers::RNN(
      {.cell = std::make_shared<Leak>(), .return_sequences = true, .return_state = true});
  const Tensor x({1, 3, 2}, std::vector<float>{1, 2, 3, 4, 5, 6});
  const test::LayerOutput output = run_layer(*rnn, {x, test::mask_from("101")});
  EXPECT_EQ(test::numbers(output.values[0]), (std::vector<double>{1, 2, 1, 2, 5.5, 7}));
  EXPECT_EQ(test::numbers(output.values[1]), (std::vector<double>{5.5, 7}));
  const Tensor ones({1, 3, 2}, std::vector<float>{1, 1, 1, 1, 1, 1});
  const test::LayerGradient gradient =
      differentiate(*rnn, {x, test::mask_from("101")}, {ones, Tensor()});
  EXPECT_EQ(test::numbers(gradient.inputs[0]), (std::vector<double>{2.5, 2.5, 0, 0, 1, 1}));
}

TEST(RNN, KeepsItsWeightsBelowItsCells) {
  const LayerPtr rnn =
      layers::RNN({.cells = {layers::LSTMCell({.units = 2}), layers::GRUCell({.units = 2}),
                             layers::LSTMCell({.units = 2})}});
  const Shape x{2, 3, 4};
  rnn->build(std::span(&x, 1));
  EXPECT_EQ(rnn->weight_path(0), "cell/cells/lstm_cell/vars/0");
  EXPECT_EQ(rnn->weight_path(4), "cell/cells/gru_cell/vars/1");
  EXPECT_EQ(rnn->weight_path(8), "cell/cells/lstm_cell_1/vars/2");
}

}  // namespace
}  // namespace chronicler
