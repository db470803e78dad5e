// Keras's own numbers for what the recurrent layers and Dense compute.
#include "conformance/golden.h"

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"

namespace chronicler::test {
namespace {

constexpr double tolerance = 1e-5;

struct GoldenCase {
  std::string name;
  std::function<LayerPtr()> make;
  Shape input;
  // By output: the layer's result, then its states. An empty list is not compared.
  std::vector<Expected> outputs;
  std::string mask = {};
  std::vector<Expected> initial = {};  // states
  int calls = 1;                       // the last one is compared; states are carried
};
void PrintTo(const GoldenCase& c, std::ostream* out) { *out << c.name; }

void expect_golden(const GoldenCase& c, const Tensor& x, DType dtype,
                   const std::function<void(Layer&)>& fill) {
  const LayerPtr layer = c.make();
  layer->set_dtype(dtype);
  layer->build(std::span(&x.shape(), 1));
  fill(*layer);
  LayerInput input{x};
  if (!c.mask.empty()) input.mask = mask_from(c.mask);
  const State shapes = layer->initial_state(x.shape()[0]);
  for (std::size_t i = 0; i < c.initial.size(); ++i)
    input.states.push_back(spread(c.initial[i], shapes[i].shape(), dtype));
  State state;
  LayerOutput output;
  for (int call = 0; call < c.calls; ++call)
    output = run_layer(*layer, input, {}, layer->stateful() ? &state : nullptr);
  ASSERT_LE(c.outputs.size(), output.values.size());
  for (std::size_t i = 0; i < c.outputs.size(); ++i) {
    if (c.outputs[i].empty()) continue;
    const Tensor expected = spread(c.outputs[i], output.values[i].shape(), dtype);
    EXPECT_TRUE(close_to(output.values[i], expected, tolerance)) << "output " << i;
  }
}

// ---- section 14.1: kernel .01, recurrent kernel .02, bias .03, x = 0, 1, 2, ...

template <class Options>
std::function<LayerPtr()> constant(LayerPtr (*make)(const Options&), Options options) {
  options.kernel_initializer = initializers::Constant(0.01);
  options.recurrent_initializer = initializers::Constant(0.02);
  options.bias_initializer = initializers::Constant(0.03);
  return [make, options] { return make(options); };
}
std::function<LayerPtr()> simple_rnn(const layers::SimpleRNNOptions& options) {
  return constant(layers::SimpleRNN, options);
}
std::function<LayerPtr()> lstm(const layers::LSTMOptions& options) {
  return constant(layers::LSTM, options);
}
std::function<LayerPtr()> gru(const layers::GRUOptions& options) {
  return constant(layers::GRU, options);
}

std::function<LayerPtr()> both_ways(std::function<LayerPtr()> make,
                                    const std::string& merge_mode = "concat") {
  return [make = std::move(make), merge_mode] {
    return layers::Bidirectional({.layer = make(), .merge_mode = merge_mode});
  };
}

std::vector<GoldenCase> constant_cases() {
  const Shape x364{3, 6, 4};
  const Shape x234{2, 3, 4};
  const Shape x243{2, 4, 3};
  const std::string ends_early = "1110/1100";
  const std::string starts_late = "0111/0011";
  const std::string gaps = "1101/1001";
  const std::string late_or_never = "0011/0000";
  return {
      {"LSTM", lstm({.units = 3}), x364, {{.6288687, .8689916, .9460773}}},
      {"LSTMBackwards",
       lstm({.units = 3, .go_backwards = true}),
       x364,
       {{.3562217, .7478952, .8872726}}},
      {"LSTMNoUnitForgetBias",
       lstm({.units = 3, .unit_forget_bias = false}),
       x364,
       {{.5701971, .8661914, .9459622}}},
      {"LSTMNoBias", lstm({.units = 3, .use_bias = false}), x364, {{.5498692, .8622679, .9443936}}},
      {"LSTMStateful",
       lstm({.units = 4, .stateful = true}),
       x234,
       {{.3124785, .6863672}},
       "",
       {},
       2},
      {"LSTMInitialState",
       lstm({.units = 2}),
       x243,
       {{.2057444, .3558822, .6493083, .6627600}},
       "",
       {{0, 1, 2, 3}, {0, 1, 2, 3}}},
      {"LSTMInitialStateBackwards",
       lstm({.units = 2, .go_backwards = true}),
       x243,
       {{.1328162, .2790356, .5839337, .5992567}},
       "",
       {{0, 1, 2, 3}, {0, 1, 2, 3}}},
      {"LSTMMask", lstm({.units = 2}), x243, {{.1175594, .2855621}}, ends_early},
      {"LSTMMaskSequences",
       lstm({.units = 2, .return_sequences = true}),
       x243,
       {{.0158891, .0555205, .1175594, .1175594, .1418560, .2855621, .2855621, .2855621}},
       ends_early},
      {"LSTMMaskZeroOutputSequences",
       lstm({.units = 2, .return_sequences = true, .zero_output_for_mask = true}),
       x243,
       {{.0158891, .0555205, .1175594, 0, .1418560, .2855621, 0, 0}},
       ends_early},
      {"LSTMMaskZeroOutput",
       lstm({.units = 2, .return_state = true, .zero_output_for_mask = true}),
       x243,
       {{0, 0}, {.1175594, .2855621}},
       ends_early},
      {"LSTMMaskBackwards",
       lstm({.units = 2, .go_backwards = true}),
       x243,
       {{.1534120, .3844719}},
       starts_late},

      {"GRU", gru({.units = 3}), x364, {{.5217289, .6371659, .3938496}}},
      {"GRUBackwards",
       gru({.units = 3, .go_backwards = true}),
       x364,
       {{.2440626, .6115160, .3928808}}},
      {"GRUResetBefore",
       gru({.units = 3, .reset_after = false}),
       x364,
       {{.5144776, .6426879, .4020830}}},
      {"GRUNoBias", gru({.units = 3, .use_bias = false}), x364, {{.4998846, .6470119, .4103359}}},
      {"GRUStateful", gru({.units = 4, .stateful = true}), x234, {{.2954239, .5885018}}, "", {}, 2},
      {"GRUInitialState",
       gru({.units = 2}),
       x243,
       {{.2377410, .3350846, .8365991, 1.0227708}},
       "",
       {{0, 1, 2, 3}}},
      {"GRUInitialStateBackwards",
       gru({.units = 2, .go_backwards = true}),
       x243,
       {{.1348605, .2326122, .7825730, .9691353}},
       "",
       {{0, 1, 2, 3}}},
      {"GRUMask", gru({.units = 2}), x243, {{.1939376, .3081856}}, gaps},
      {"GRUMaskSequences",
       gru({.units = 2, .return_sequences = true}),
       x243,
       {{.0360669, .0949758, .0949758, .1939376, .1605141, .1605141, .1605141, .3081856}},
       gaps},
      {"GRUMaskBackwards",
       gru({.units = 2, .go_backwards = true}),
       x243,
       {{.1166919, .2838098}},
       gaps},

      {"SimpleRNN", simple_rnn({.units = 4}), x234, {{.4054320, .7360535}}},
      {"SimpleRNNBackwards",
       simple_rnn({.units = 4, .go_backwards = true}),
       x234,
       {{.1114473, .5528889}}},
      {"SimpleRNNStateful",
       simple_rnn({.units = 4, .stateful = true}),
       x234,
       {{.4055926, .7361247}},
       "",
       {},
       2},
      {"SimpleRNNInitialState",
       simple_rnn({.units = 4}),
       x243,
       {{.3362165, .6262637}},
       "",
       {{0, 1, 2, 3, 4, 5, 6, 7}}},
      {"SimpleRNNInitialStateBackwards",
       simple_rnn({.units = 4, .go_backwards = true}),
       x243,
       {{.0734444, .4304360}},
       "",
       {{0, 1, 2, 3, 4, 5, 6, 7}}},
      {"SimpleRNNMaskSequences",
       simple_rnn({.units = 2, .return_sequences = true}),
       x243,
       {{.0599281, .1512281, .1512281, .3239457, .3969305, .3969305, .3969305, .6080850}},
       gaps},
      {"SimpleRNNMaskFourUnits", simple_rnn({.units = 4}), x243, {{.3295163, .6179948}}, gaps},

      {"BidirectionalSimpleRNN",
       both_ways(simple_rnn({.units = 2})),
       x234,
       {{.3968728, .3968728, .1000430, .1000430, .7237238, .7237238, .5339159, .5339159}}},
      {"BidirectionalSimpleRNNAverage",
       both_ways(simple_rnn({.units = 2}), "ave"),
       x234,
       {{.2484579, .6288199}}},
      {"BidirectionalSimpleRNNMaskSequences",
       both_ways(simple_rnn({.units = 2, .return_sequences = true})),
       x243,
       {{.0599281, .0599281, .0662262, .0662262, .1512282, .1512282, .1580829, .1580829,
         .2412012, .2412012, .2354958, .2354958, 0,        0,        0,        0,
         .3969305, .3969305, .4126475, .4126475, .4822233, .4822233, .4699452, .4699452,
         0,        0,        0,        0,        0,        0,        0,        0}},
       ends_early},
      {"BidirectionalGRUSumSequences",
       both_ways(gru({.units = 2, .return_sequences = true}), "sum"),
       x234,
       {{.2093787, .3446299, .4029053, .5982965, .6734641, .6479671}}},
      {"BidirectionalLSTMInitialState",
       both_ways(lstm({.units = 2})),
       x243,
       {{.2079460, .4577124, .1404638, .4819167, .6682636, .6711909, .6094365, .6095045}},
       "",
       {{0, 1, 2, 3}, {0, 2, 4, 6}, {0, 3, 6, 9}, {0, 4, 8, 12}}},
      {"BidirectionalLSTMStates",
       both_ways(lstm({.units = 2, .return_state = true})),
       x243,
       {{.1990008, .1990008, .1265976, .1265976, .5233544, .5233544, .4471799, .4471799},
        {},
        {.3556719, 1.0492687},
        {},
        {.2501858, .9414731}}},

      // Nothing has come out before the first step that counts: 0, although the state is not.
      {"SimpleRNNLateMaskInitialState",
       simple_rnn({.units = 2, .return_sequences = true, .return_state = true}),
       x243,
       {{0, 0, .2542955, .3276308, 0, 0, 0, 0}, {.3276308, .5}},
       late_or_never,
       {{.5}}},
      {"GRULateMaskInitialState",
       gru({.units = 2, .return_sequences = true, .return_state = true}),
       x243,
       {{0, 0, .3982727, .3756785, 0, 0, 0, 0}, {.3756785, .5}},
       late_or_never,
       {{.5}}},
      {"LSTMLateMaskInitialState",
       lstm({.units = 2, .return_sequences = true, .return_state = true}),
       x243,
       {{0, 0, .4091731, .4247907, 0, 0, 0, 0}, {.4247907, .5}},
       late_or_never,
       {{.5}, {1}}},
  };
}

class GoldenConstantWeights : public ::testing::TestWithParam<GoldenCase> {};

TEST_P(GoldenConstantWeights, AreKeras) {
  const GoldenCase& c = GetParam();
  for_each_arithmetic([&](DType dtype) {
    expect_golden(c, ramp(c.input, dtype), dtype,
                  [](Layer&) {});  // the initializers have filled it
  });
}

INSTANTIATE_TEST_SUITE_P(Golden, GoldenConstantWeights, ::testing::ValuesIn(constant_cases()),
                         [](const auto& test) { return test.param.name; });

// The cell state of the row that never counts stays what it was.
TEST(GoldenConstantWeights, MaskedRowKeepsItsCellState) {
  for_each_arithmetic([](DType dtype) {
    const LayerPtr layer = lstm({.units = 2, .return_state = true})();
    layer->set_dtype(dtype);
    LayerInput input{ramp({2, 4, 3}, dtype), mask_from("0011/0000")};
    input.states = {spread({.5}, {2, 2}, dtype), spread({1}, {2, 2}, dtype)};
    const LayerOutput output = run_layer(*layer, input);
    EXPECT_TRUE(same_bits(output.values[2].rows(1, 2), input.states[1].rows(1, 2)));
  });
}

// The same through models: carried states, and a mask that a Masking layer makes.
TEST(GoldenConstantWeights, StatefulModelsAreKeras) {
  for (const GoldenCase& c : constant_cases()) {
    if (c.calls == 1) continue;
    SCOPED_TRACE(c.name);
    Sequential model({layers::Input({.shape = {3, 4}, .batch_size = 2}), c.make()});
    const Tensor x = ramp({2, 3, 4});
    const Tensor first = model.predict(x);
    const Tensor second = model.predict(x);
    EXPECT_TRUE(close_to(second, spread(c.outputs[0], second.shape(), DType::float32), tolerance));
    model.reset_states();
    EXPECT_TRUE(same_bits(model.predict(x), first));
  }
}

TEST(GoldenConstantWeights, MaskingMakesTheMask) {
  Tensor x = ramp({2, 4, 3});
  Tensor marked = x.clone();
  const Tensor mask = mask_from("1110/1100");
  for (std::int64_t step = 0; step < 8; ++step) {
    if (mask.as<std::uint8_t>()[step] != 0) continue;
    std::fill_n(marked.as<float>() + step * 3, 3, -7.0F);
  }
  Sequential model({layers::Masking({.mask_value = -7.0, .input_shape = Shape{4, 3}}),
                    lstm({.units = 2, .return_sequences = true})()});
  const Expected expected{.0158891, .0555205, .1175594, .1175594,
                          .1418560, .2855621, .2855621, .2855621};
  EXPECT_TRUE(
      close_to(model.predict(marked), spread(expected, {2, 4, 2}, DType::float32), tolerance));
}

// ---- section 14.2: weights that catch a wrong gate order or a transposed matrix

std::vector<GoldenCase> rational_cases() {
  using layers::GRU;
  using layers::LSTM;
  using layers::SimpleRNN;
  const std::string mask = "1011/0110";
  const Shape x{2, 4, 3};
  return {
      {"SimpleRNN",
       [] { return SimpleRNN({.units = 2}); },
       x,
       {{.0630161, .1981257, .0483415, -.2434972}}},
      {"SimpleRNNRelu",
       [] { return SimpleRNN({.units = 2, .activation = "relu"}); },
       x,
       {{.0915623, .1609364, .0868111, 0}}},
      {"LSTM",
       [] { return LSTM({.units = 2, .return_state = true}); },
       x,
       {{-.1865805, .0900250, -.1470089, .0983019},
        {-.1865805, .0900250, -.1470089, .0983019},
        {-.3291835, .2213416, -.3046356, .2445748}}},
      {"LSTMSequences",
       [] { return LSTM({.units = 2, .return_sequences = true}); },
       x,
       {{-.0084385, .0703741, -.0900190, .0804081, -.1017615, .0859156, -.1865805, .0900250,
         -.0546991, .0440331, -.0513758, .0618945, -.0553572, .1034318, -.1470089, .0983019}}},
      {"LSTMHardSigmoidRelu",
       [] {
         return LSTM({.units = 2, .activation = "relu", .recurrent_activation = "hard_sigmoid"});
       },
       x,
       {{0, .1043329, 0, .1136523}}},
      {"LSTMNoBias",
       [] { return LSTM({.units = 2, .use_bias = false}); },
       x,
       {{-.0430563, .0008037, -.0263238, .0105792}}},
      {"GRU", [] { return GRU({.units = 2}); }, x, {{-.3384811, .2591402, -.3499521, .2174849}}},
      {"GRUResetBefore",
       [] { return GRU({.units = 2, .reset_after = false}); },
       x,
       {{-.1529915, .2002611, -.1705571, .1762702}}},
      {"LSTMSequencesMask",
       [] { return LSTM({.units = 2, .return_sequences = true}); },
       x,
       {{-.0084385, .0703741, -.0084385, .0703741, -.0507649, .0779181, -.1474554, .0859559,  //
         0, 0, -.0125781, .0403365, -.0339638, .0921016, -.0339638, .0921016}},
       mask},
      {"BidirectionalLSTM",
       [] { return layers::Bidirectional(LSTM({.units = 2})); },
       x,
       {{-.1865805, .0900250, -.1359541, .0691953, -.1470089, .0983019, -.1520769, .0317414}}},
      {"StackedCells",
       [] {
         return layers::RNN(
             {.cells = {layers::LSTMCell({.units = 2}), layers::GRUCell({.units = 3})}});
       },
       x,
       {{-.2272612, .3066261, .0274820, -.2217730, .3041433, .0182528}}},
      {"GRUBackwardsSequencesMask",
       [] { return GRU({.units = 2, .return_sequences = true, .go_backwards = true}); },
       x,
       {{-.1830644, .2349738, -.2480792, .1212440, -.2480792, .1212440, -.3478935, .3588263,  //
         0, 0, -.1939241, .3357165, -.2567498, .3476856, -.2567498, .3476856}},
       mask},
  };
}

class GoldenRationalWeights : public ::testing::TestWithParam<GoldenCase> {};

TEST_P(GoldenRationalWeights, AreKeras) {
  for_each_arithmetic([&](DType dtype) {
    expect_golden(GetParam(), rational_input(dtype), dtype, [](Layer& layer) {
      for (std::size_t k = 0; k < layer.parameters().size(); ++k)
        fill_rational(layer.parameters()[k], k);
    });
  });
}

INSTANTIATE_TEST_SUITE_P(Golden, GoldenRationalWeights, ::testing::ValuesIn(rational_cases()),
                         [](const auto& test) { return test.param.name; });

std::vector<GoldenCase> conv_lstm_cases() {
  using layers::ConvLSTM1D;
  const Shape x{2, 3, 4, 2};
  return {
      {"Plain",
       [] { return ConvLSTM1D({.filters = 2, .kernel_size = {2}}); },
       x,
       {{-.1626780, .0901288, -.1367855, .1153687, -.1107967, .0672113,  //
         -.0316224, .0826448, -.1626929, .0901098, -.1322289, .1122817}}},
      {"StridesSameSequencesAndStates",
       [] {
         return ConvLSTM1D({.filters = 2,
                            .kernel_size = {3},
                            .strides = {2},
                            .padding = "same",
                            .return_sequences = true,
                            .return_state = true});
       },
       x,
       {{-.0170481, .0611562, -.0180528, .0505257, -.1278123, .0743076, -.0057869, .0791519,  //
         -.1637374, .0887379, -.1271499, .0689189, -.0834782, .0591341, -.0681486, .0313753,  //
         -.0007511, .0400202, -.1185474, .0821918, .0495749,  .0368760, -.1186096, .1137581},
        {-.1637374, .0887379, -.1271499, .0689189, .0495749, .0368760, -.1186096, .1137581},
        {-.3545951, .1803778, -.2151595, .1761519, .1059824, .0866058, -.2826349, .2638705}}},
      {"DilatedBackwardsNoBias",
       [] {
         return ConvLSTM1D({.filters = 2,
                            .kernel_size = {2},
                            .dilation_rate = {2},
                            .activation = "relu",
                            .recurrent_activation = "hard_sigmoid",
                            .use_bias = false,
                            .go_backwards = true});
       },
       x,
       {{.0044938, .0087896, .0805668, .0180627, .0391968, 0, .0044626, .0043923}}},
      {"SequencesMask",
       [] {
         return ConvLSTM1D(
             {.filters = 2, .kernel_size = {2}, .padding = "same", .return_sequences = true});
       },
       x,
       {{-.0260774, .0672242, -.0681486, .0313753, -.0180528, .0505257, -.0158961, .0480749,  //
         -.0260774, .0672242, -.0681486, .0313753, -.0180528, .0505257, -.0158961, .0480749,  //
         -.1001406, .0797763, -.0905192, .0845659, -.1200301, .0574939, -.1078412, .0715618,  //
         0,         0,        0,         0,        0,         0,        0,         0,         //
         -.0202186, .0463895, -.1103451, .0442724, -.0817433, .0642467, -.0648131, .0425606,  //
         -.0066089, .0687952, -.1486664, .0706041, -.1072409, .1029663, -.0982535, .0611227}},
       "101/011"},
  };
}

class GoldenConvLSTM : public ::testing::TestWithParam<GoldenCase> {};

TEST_P(GoldenConvLSTM, IsKeras) {
  for_each_arithmetic([&](DType dtype) {
    expect_golden(GetParam(), rational_input(GetParam().input, dtype), dtype, [](Layer& layer) {
      for (std::size_t k = 0; k < layer.parameters().size(); ++k)
        fill_rational(layer.parameters()[k], k);
    });
  });
}

INSTANTIATE_TEST_SUITE_P(Golden, GoldenConvLSTM, ::testing::ValuesIn(conv_lstm_cases()),
                         [](const auto& test) { return test.param.name; });

// Steps [begin, end) of the rational input, queries and values of the attention layers.
Tensor part_of_rational(std::int64_t begin, std::int64_t end, DType dtype) {
  const std::vector<double> all = numbers(rational_input(DType::float64));
  std::vector<double> values;
  for (std::int64_t row = 0; row < 2; ++row) {
    for (std::int64_t i = begin * 3; i < end * 3; ++i)
      values.push_back(all[static_cast<std::size_t>(row * 12 + i)]);
  }
  return Tensor({2, end - begin, 3}, values).to(dtype);
}

void expect_attention(const LayerPtr& layer, DType dtype, const Expected& expected,
                      bool masked = false) {
  layer->set_dtype(dtype);
  LayerInput input{part_of_rational(0, 2, dtype)};
  input.more.push_back({part_of_rational(1, 4, dtype)});
  if (masked) {
    input.mask = mask_from("11/10");
    input.more[0].mask = mask_from("110/011");
  }
  const std::vector<Shape> shapes{input.x.shape(), input.more[0].x.shape()};
  layer->build(shapes);
  // The scale of dot products is the 1 that it starts with.
  if (layer->class_name() == "AdditiveAttention") fill_rational(layer->parameters()[0], 0);
  const LayerOutput output = run_layer(*layer, input);
  EXPECT_TRUE(close_to(output.values[0], spread(expected, {2, 2, 3}, dtype), tolerance));
}

TEST(GoldenRationalWeights, AttentionIsKeras) {
  for_each_arithmetic([](DType dtype) {
    expect_attention(layers::Attention({.use_scale = true}), dtype,
                     {-.0012573, .1047937, -.3762573, -.0625100, .2640983, -.4375100,  //
                      .1732041, -.0833347, .2018019, .2639353, -.1161369, .2586808});
    expect_attention(layers::Attention({.use_scale = true}), dtype,
                     {-.1191449, .5058551, -.4941449, -.1328024, .4921977, -.5078024,  //
                      -.5107158, .1142842, -.0035629, 0, 0, 0},
                     true);
    expect_attention(layers::AdditiveAttention(), dtype,
                     {-.0249825, .1615775, -.3999825, -.0250812, .1598269, -.4000812,  //
                      -.1576525, .0254247, .0432413, -.1488793, .0230273, .0452565});
  });
}

TEST(GoldenRationalWeights, LayerNormalizationIsKeras) {
  for_each_arithmetic([](DType dtype) {
    const LayerPtr layer = layers::LayerNormalization();
    layer->set_dtype(dtype);
    const LayerInput input{rational_input(dtype)};
    layer->build(std::span(&input.x.shape(), 1));
    for (std::size_t k = 0; k < 2; ++k) fill_rational(layer->parameters()[k], k);
    const Tensor y = run_layer(*layer, input).values[0];
    const Tensor first = y.reshaped({8, 3}).rows(0, 1);
    EXPECT_TRUE(close_to(first, spread({.2431000, -.3125000, .0486000}, {1, 3}, dtype), tolerance));
  });
}

TEST(GoldenRationalWeights, BatchNormalizationIsKeras) {
  for_each_arithmetic([](DType dtype) {
    const LayerPtr layer = layers::BatchNormalization();
    layer->set_dtype(dtype);
    const LayerInput input{rational_input(dtype)};
    const Tensor y = run_layer(*layer, input, {.training = true}).values[0];
    const Tensor first = y.reshaped({8, 3}).rows(0, 1);
    EXPECT_TRUE(
        close_to(first, spread({-1.0112447, .3258014, 1.4215775}, {1, 3}, dtype), tolerance));
    EXPECT_TRUE(close_to(layer->parameters()[2].value,
                         spread({-.0003125, -.0001562, 0}, {3}, dtype), tolerance));
    EXPECT_TRUE(close_to(layer->parameters()[3].value,
                         spread({.9921387, .9918531, .9927735}, {3}, dtype), tolerance));
  });
}

}  // namespace
}  // namespace chronicler::test
