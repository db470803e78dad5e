#include "chronicler/formats/model_file.h"

#include <cstring>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"
#include "chronicler/layers/layers.h"
#include "chronicler/training/fit.h"
#include "formats/bytes.h"
#include "formats/model_spec.h"
#include "formats/safetensors/native_file.h"
#include "support/conformance.h"
#include "support/damaged_files.h"
#include "support/temporary_folder.h"

namespace chronicler {
namespace {

class ModelFile : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return folder_.path(name); }
  test::TemporaryFolder folder_;
};

Sequential small_model() {
  return Sequential({layers::Input(Shape{None, 3}),
                     layers::LSTM({.units = 4,
                                   .kernel_regularizer = "l2",
                                   .recurrent_constraint = "max_norm",
                                   .return_sequences = true}),
                     layers::Dropout({.rate = 0.25}), layers::GRU({.units = 2}),
                     layers::Dense({.units = 1, .activation = "sigmoid"})},
                    "small");
}

Tensor batch() {
  Tensor x(Shape{2, 5, 3});
  float value = -1.0F;
  for (float& element : x.span<float>()) element = (value += 0.0625F);
  return x;
}

void expect_same_bits(const Tensor& a, const Tensor& b) {
  ASSERT_EQ(a.shape(), b.shape());
  EXPECT_EQ(std::memcmp(a.view().raw(), b.view().raw(), a.bytes()), 0);
}

using test::error_of;

TEST_F(ModelFile, LoadsWhatWasSaved) {
  Sequential model = small_model();
  const Tensor expected = model(batch());
  for (const std::string_view extension : model_file_extensions()) {
    SCOPED_TRACE(extension);
    const std::string file = path("model" + std::string(extension));
    model.save(file);
    const std::unique_ptr<Model> loaded = load_model(file);
    EXPECT_EQ(loaded->name(), "small");
    EXPECT_EQ(loaded->class_name(), "Sequential");
    expect_same_bits((*loaded)(batch()), expected);

    const std::string again = path("again" + std::string(extension));
    loaded->save(again);
    EXPECT_EQ(read_file(again), read_file(file));
  }
}

// Numbers and assets are as they were saved, or the file is refused.
TEST_F(ModelFile, IsRefusedOrTheSameWhereItIsDamaged) {
  Sequential model = small_model();
  model.assets()["vocabulary.txt"] = "a\nb\n";
  const std::string whole = write_native(describe_model(model));
  for (const std::string_view extension : model_file_extensions()) {
    const std::string file = path("model" + std::string(extension));
    model.save(file);
    int refused = 0;
    test::for_each_damage(file, 101, [&](const std::string& what) {
      try {
        EXPECT_EQ(write_native(describe_model(*load_model(file))), whole) << file << what;
      } catch (const Error& error) {
        EXPECT_NE(error.message().find(file), std::string::npos) << what << error.what();
        ++refused;
      }
    });
    EXPECT_GT(refused, 50) << file;
  }
}

TEST_F(ModelFile, KeepsAssets) {
  Sequential model = small_model();
  model.assets()["tokenizer.json"] = "{\"a\": 1}";
  model.assets()["scalers/target"] = std::string("\0\xff\n", 3);
  model.assets()["empty"] = "";
  EXPECT_EQ(model.clone().assets(), model.assets());
  for (const std::string_view extension : model_file_extensions()) {
    SCOPED_TRACE(extension);
    const std::string file = path("model" + std::string(extension));
    model.save(file);
    EXPECT_EQ(load_model(file)->assets(), model.assets());
  }
}

// Training on after loading gives the bits of training that was never interrupted: also the draws
// of dropout, and the states that are carried.
TEST_F(ModelFile, GoesOnWithStatesAndDraws) {
  Sequential model(
      {layers::Input({.shape = {5, 3}, .batch_size = 2}),
       layers::LSTM({.units = 4,
                     .dropout = 0.3,
                     .recurrent_dropout = 0.2,
                     .return_sequences = true,
                     .stateful = true}),
       layers::RNN({.cell = layers::GRUCell({.units = 3, .dropout = 0.4}), .stateful = true}),
       layers::Dropout({.rate = 0.5}), layers::Dense({.units = 1})});
  model.compile({.optimizer = "adam", .loss = "mse"});
  const Tensor x = batch();
  const Tensor y = test::noise({2, 1}, 5);
  model.train_on_batch(x, y);
  EXPECT_FALSE(model.carried_states().empty());
  for (const std::string_view extension : model_file_extensions())
    model.save(path("model" + std::string(extension)));
  const double expected = model.train_on_batch(x, y).loss();
  const std::vector<Tensor> weights = model.get_weights();
  for (const std::string_view extension : model_file_extensions()) {
    SCOPED_TRACE(extension);
    const std::unique_ptr<Model> loaded = load_model(path("model" + std::string(extension)));
    EXPECT_TRUE(loaded->assets().empty());
    EXPECT_EQ(loaded->train_on_batch(x, y).loss(), expected);
    for (std::size_t i = 0; i < weights.size(); ++i)
      expect_same_bits(loaded->get_weights()[i], weights[i]);
  }
}

TEST_F(ModelFile, RefusesStatesOfOtherModels) {
  Sequential model({layers::Input({.shape = {5, 3}, .batch_size = 2}),
                    layers::LSTM({.units = 4, .stateful = true})});
  EXPECT_TRUE(model.carried_states().empty());
  std::vector<State> states{{Tensor({2, 4}), Tensor({2, 3})}};
  EXPECT_NE(error_of([&] { model.carry_states(states); }).find("are not those of model"),
            std::string::npos);
  states[0][1] = Tensor({2, 4});
  model.carry_states(states);
  EXPECT_EQ(model.carried_states().size(), 1U);
  model.assets()["state.safetensors"] = "x";
  EXPECT_NE(error_of([&] { model.save(path("model.chronicler")); }).find("need themselves"),
            std::string::npos);
}

TEST_F(ModelFile, RefusesAssetsWhoseNamesLeaveTheFile) {
  for (const char* name : {"", "/a", "a/", "a//b", "../a", "a/./b", "a b", "a\\b"}) {
    Sequential model = small_model();
    model.assets()[name] = "bytes";
    const std::string error = error_of([&] { model.save(path("model.chronicler")); });
    EXPECT_NE(error.find("is no name for an asset"), std::string::npos) << name << ": " << error;
  }
}

TEST_F(ModelFile, RemembersTheShapeThatTheDataGave) {
  Sequential model({layers::SimpleRNN({.units = 2}), layers::Dense({.units = 1})});
  model.save(path("unbuilt.chronicler"));
  EXPECT_FALSE(load_model(path("unbuilt.chronicler"))->built());

  const Tensor expected = model(batch());
  model.save(path("built.chronicler"));
  const std::unique_ptr<Model> loaded = load_model(path("built.chronicler"));
  ASSERT_TRUE(loaded->built());
  EXPECT_EQ(loaded->input_shape(), model.input_shape());
  expect_same_bits((*loaded)(batch()), expected);
}

TEST_F(ModelFile, KeepsWeightsAlone) {
  const Sequential model = small_model();
  model.save_weights(path("w.weights.chronicler"));
  Sequential other = small_model();
  other.load_weights(path("w.weights.chronicler"));
  for (std::size_t i = 0; i < model.get_weights().size(); ++i)
    expect_same_bits(other.get_weights()[i], model.get_weights()[i]);

  model.save(path("whole.chronicler"));
  Sequential third = small_model();
  third.load_weights(path("whole.chronicler"));
  expect_same_bits(third.get_weights()[0], model.get_weights()[0]);

  EXPECT_NE(error_of([&] {
              load_model(path("w.weights.chronicler"));
            }).find("it holds weights without a model"),
            std::string::npos);
}

TEST_F(ModelFile, SaysWhichWeightDoesNotFit) {
  small_model().save_weights(path("w.weights.chronicler"));
  Sequential other({layers::Input(Shape{None, 3}), layers::LSTM({.units = 5, .name = "wide"})});
  EXPECT_NE(error_of([&] { other.load_weights(path("w.weights.chronicler")); })
                .find("the weight \"kernel\" of LSTM \"wide\" (\"layers/lstm/cell/vars/0\") must "
                      "have shape (3, 20), got (3, 16)"),
            std::string::npos);

  Sequential shorter(
      {layers::Input(Shape{None, 3}), layers::LSTM({.units = 4, .return_sequences = true})});
  EXPECT_NE(error_of([&] {
              shorter.load_weights(path("w.weights.chronicler"));
            }).find("\"layers/dense/vars/0\" belongs to no layer"),
            std::string::npos);

  const std::string message = error_of([&] {
    shorter.save_weights(path("s.weights.chronicler"));
    Sequential two({layers::Input(Shape{None, 3}),
                    layers::LSTM({.units = 4, .return_sequences = true}),
                    layers::GRU({.units = 2, .name = "more"})});
    two.load_weights(path("s.weights.chronicler"));
  });
  EXPECT_NE(message.find("the weight \"kernel\" of GRU \"more\" is missing"), std::string::npos);
}

TEST_F(ModelFile, NamesTheFileAndTheReason) {
  EXPECT_EQ(
      error_of([&] { load_model(path("none.chronicler")); }),
      "cannot read \"" + path("none.chronicler") + "\": No such file or directory: check the path");
  EXPECT_NE(error_of([&] { small_model().save(path("model.txt")); }).find("must end in"),
            std::string::npos);
  EXPECT_NE(error_of([&] {
              small_model().save(path("no_folder/m.chronicler"));
            }).find("create its folder first"),
            std::string::npos);
}

}  // namespace
}  // namespace chronicler
