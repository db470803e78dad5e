// Weights that PyTorch saved (tests/golden/torch/make_torch.py), in models here and back.
#include "formats/torch/torch_names.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "chronicler/formats/npy.h"
#include "chronicler/formats/safetensors_file.h"
#include "chronicler/layers/layers.h"
#include "formats/bytes.h"
#include "formats/safetensors/safetensors.h"
#include "support/conformance.h"
#include "support/source_dir.h"
#include "support/temporary_folder.h"

namespace chronicler {
namespace {

using test::error_of;

std::string golden(const std::string& name) {
  return (test::source_dir() / "tests/golden/torch" / name).string();
}

Sequential stack() {
  return Sequential(
      {layers::Input(Shape{5, 3}),
       layers::Bidirectional(
           {.layer = layers::LSTM({.units = 4, .return_sequences = true}), .name = "first"}),
       layers::Bidirectional(
           {.layer = layers::LSTM({.units = 4, .return_sequences = true}), .name = "second"}),
       layers::GRU({.units = 3, .return_sequences = true, .name = "gru"}),
       layers::SimpleRNN({.units = 2, .name = "rnn"}),
       layers::Dense({.units = 2, .name = "linear"})});
}

Sequential mixed() {
  return Sequential(
      {layers::Input({.shape = {6}, .dtype = "int32"}),
       layers::Embedding({.input_dim = 7, .output_dim = 4, .name = "table"}),
       layers::Conv1D(
           {.filters = 5, .kernel_size = {3}, .activation = "relu", .name = "convolution"}),
       layers::BatchNormalization({.epsilon = 1e-5, .name = "batch_norm"}),
       layers::LayerNormalization({.epsilon = 1e-5, .name = "layer_norm"}),
       layers::LSTM({.units = 4, .return_sequences = true, .projection = 2, .name = "memory"})});
}

void expect_same_tensors(NamedTensors got, NamedTensors expected) {
  sort_for_file(got);
  sort_for_file(expected);
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i].name, expected[i].name);
    // The two biases of an LSTM or RNN are one here: only their sum comes back.
    if (got[i].name.find("bias_") != std::string::npos) continue;
    EXPECT_TRUE(test::same_bits(got[i].value, expected[i].value)) << got[i].name;
  }
}

TEST(TorchNames, StackComputesWhatPyTorchComputes) {
  Sequential model = stack();
  load_safetensors(model, golden("stack.safetensors"));
  EXPECT_TRUE(test::close_to(model(load_npy(golden("stack_x.npy"))),
                             load_npy(golden("stack_y.npy")), 1e-6));
}

TEST(TorchNames, OtherLayersComputeWhatPyTorchComputes) {
  Sequential model = mixed();
  load_safetensors(model, golden("mixed.safetensors"));
  EXPECT_TRUE(test::close_to(model(load_npy(golden("mixed_x.npy"))),
                             load_npy(golden("mixed_y.npy")), 1e-6));
  const NamedTensors theirs = read_safetensors(read_file(golden("mixed.safetensors"))).tensors;
  expect_same_tensors(to_torch(model), theirs);
}

TEST(TorchNames, BothNamesBringWeightsBack) {
  const test::TemporaryFolder folder;
  for (const char* names : {"keras", "pytorch"}) {
    Sequential model = stack();
    const std::string path = folder.path(std::string(names) + ".safetensors");
    save_safetensors(model, path, {.names = names});
    Sequential other = stack();
    if (std::string(names) == "pytorch") {
      // Its two LSTMs are modules of their own names: these are known.
      EXPECT_NE(read_file(path).find("second.weight_ih_l0_reverse"), std::string::npos);
    }
    load_safetensors(other, path);
    const std::vector<Tensor> expected = model.get_weights();
    const std::vector<Tensor> got = other.get_weights();
    for (std::size_t i = 0; i < got.size(); ++i)
      EXPECT_TRUE(test::same_bits(got[i], expected[i])) << names << " " << i;
  }
}

TEST(TorchNames, SayWhatDoesNotFit) {
  const auto refused = [&](const std::vector<LayerPtr>& layers) {
    Sequential model(layers);
    return error_of([&] { to_torch(model); });
  };
  const LayerPtr input = layers::Input(Shape{5, 3});
  EXPECT_EQ(refused({input, layers::GRU({.units = 2, .reset_after = false, .name = "g"})}),
            "GRU \"g\" has no equal in PyTorch: its reset_after is false: use Keras's names");
  EXPECT_EQ(refused({input, layers::LSTM({.units = 2, .peepholes = true, .name = "l"})}),
            "LSTM \"l\" has no equal in PyTorch: it has peepholes: use Keras's names");
  EXPECT_NE(refused({input, layers::LSTM({.units = 2, .activation = "relu"})}).find("\"relu\""),
            std::string::npos);
  Sequential small({input, layers::LSTM({.units = 2, .name = "lstm"})});
  EXPECT_NE(error_of([&] {
              load_safetensors(small, golden("stack.safetensors"));
            }).find("stack.safetensors\": "),
            std::string::npos);
  Sequential wide({layers::Input(Shape{5, 3}), layers::GRU({.units = 3, .name = "gru"})});
  const std::string error = error_of([&] {
    from_torch(wide, {{"gru.weight_ih_l0", Tensor({9, 4})},
                      {"gru.weight_hh_l0", Tensor({9, 3})},
                      {"gru.bias_ih_l0", Tensor({9})},
                      {"gru.bias_hh_l0", Tensor({9})}});
  });
  EXPECT_EQ(error, "\"weight_ih\" of the module \"gru\" must have shape (9, 3), got (9, 4)");
}

TEST(TorchNames, AsksForNamesWhereSeveralLayersFit) {
  Sequential model({layers::Input(Shape{3}), layers::Dense({.units = 3, .name = "a"}),
                    layers::Dense({.units = 3, .name = "b"})});
  const NamedTensors tensors{{"x.weight", Tensor({3, 3})},
                             {"x.bias", Tensor({3})},
                             {"y.weight", Tensor({3, 3})},
                             {"y.bias", Tensor({3})}};
  EXPECT_EQ(
      error_of([&] { from_torch(model, tensors); }),
      "the module \"x\" could be any of 2 layers: \"a\", \"b\": name the modules in PyTorch as "
      "the layers here");
}

TEST(TorchNames, TellsWhatIsLeftOver) {
  Sequential model({layers::Input(Shape{3}), layers::Dense({.units = 3, .name = "a"})});
  const NamedTensors dense{{"x.weight", Tensor({3, 3})}, {"x.bias", Tensor({3})}};
  NamedTensors tensors = dense;
  tensors.push_back({"norm.weight", Tensor({3})});
  tensors.push_back({"norm.bias", Tensor({3})});
  EXPECT_NE(error_of([&] {
              from_torch(model, tensors);
            }).find("the module \"norm\", LayerNormalization, has no layer to go to"),
            std::string::npos);
  Sequential two({layers::Input(Shape{3}), layers::Dense({.units = 3, .name = "x"}),
                  layers::Dense({.units = 3, .name = "b"})});
  EXPECT_NE(error_of([&] { from_torch(two, dense); }).find("weights of Dense \"b\" are missing"),
            std::string::npos);
}

}  // namespace
}  // namespace chronicler
