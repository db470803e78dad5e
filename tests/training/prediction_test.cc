#include "training/prediction.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/mapped_memory.h"
#include "chronicler/layers/layers.h"
#include "chronicler/training/fit.h"
#include "support/conformance.h"
#include "support/temporary_folder.h"
#include "training/part_length.h"

namespace chronicler {
namespace {

using test::error_of;
using test::noise;
using test::same_bits;

Sequential model_of(const LayerPtr& layer) {
  set_random_seed(4);
  return Sequential({layers::Input(Shape{None, 3}), layer, layers::Dense({.units = 2})});
}

std::vector<LayerPtr> causal_layers(bool sequences) {
  std::vector<LayerPtr> list{
      layers::LSTM({.units = 5, .return_sequences = sequences}),
      layers::GRU({.units = 5, .return_sequences = sequences}),
      layers::GRU({.units = 5, .return_sequences = sequences, .reset_after = false}),
      layers::SimpleRNN({.units = 5, .return_sequences = sequences}),
      layers::MinGRU({.units = 5, .return_sequences = sequences})};
  if (sequences)
    list.push_back(layers::Conv1D({.filters = 4, .kernel_size = {4}, .padding = "causal"}));
  return list;
}

Tensor mapped(const std::string& path, const Tensor& tensor) {
  NpyOutput output(path, tensor.shape(), tensor.dtype());
  copy(tensor, output.tensor());
  return output.finish();
}

TEST(Prediction, PartsGiveTheBitsOfWholeSequences) {
  const Tensor x = noise({3, 50, 3}, 1);
  for (const bool sequences : {true, false}) {
    for (const LayerPtr& layer : causal_layers(sequences)) {
      SCOPED_TRACE(layer->class_name());
      Sequential model = model_of(layer);
      const Tensor whole = model.predict(x, {.batch_size = 2});
      for (const std::int64_t part : {1, 7, 49, 50, 1000}) {
        EXPECT_TRUE(same_bits(model.predict(x, {.batch_size = 2, .steps_at_a_time = part}), whole))
            << part;
      }
    }
  }
}

TEST(Prediction, OfAMappedFileGoesIntoAFile) {
  const test::TemporaryFolder folder;
  const Tensor x = noise({2, 60000, 3}, 1);
  const Tensor file = mapped(folder.path("x.npy"), x);
  for (const bool sequences : {true, false}) {
    Sequential model = model_of(layers::GRU({.units = 4, .return_sequences = sequences}));
    const Tensor whole = model.predict(x);
    EXPECT_EQ(part_length(model, {file}, 0) > 0, sequences);
    EXPECT_EQ(part_length(model, {x}, 0), 0);
    EXPECT_TRUE(same_bits(model.predict(file), whole));
    const std::string path = folder.path("y.npy");
    const Tensor y = model.predict(file, {.output = path});
    EXPECT_TRUE(is_mapped(y));
    EXPECT_EQ(mapped_path(y), path);
    EXPECT_TRUE(same_bits(y, whole));
    EXPECT_TRUE(same_bits(model.predict(x, {.batch_size = 1, .output = path}), whole));
    const Dataset data = Dataset::from_tensors(file).batch(1);
    EXPECT_TRUE(same_bits(model.predict(data, {.output = path}).front(), whole));
    const std::vector<Tensor> each =
        model.predict(SequenceList({file.reshaped({2 * 60000, 3}).rows(0, 60000)}));
    EXPECT_TRUE(same_bits(each[0], whole.rows(0, 1).reshaped(each[0].shape())));
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 2);
}

TEST(Prediction, RefusesWhatNoFileHolds) {
  const test::TemporaryFolder folder;
  const Tensor x = noise({2, 10, 3}, 1);
  Sequential model = model_of(layers::GRU({.units = 4}));
  const auto expect = [](const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text << "\nwithout: " << part;
  };
  expect(error_of([&] { model.predict(x, {.output = folder.path("y.csv")}); }),
         "results are written to a .npy file, got");
  expect(error_of([&] { model.predict(x, {.output = folder.path("none/y.npy")}); }),
         "create its folder first");
  expect(error_of([&] { model.predict(x, {.steps_at_a_time = -2}); }),
         "steps_at_a_time must be at least 0, got -2");
  expect(error_of([&] {
           model.predict(SequenceList({x.rows(0, 1).reshaped({10, 3})}),
                         {.output = folder.path("y.npy")});
         }),
         "no one array");
  Sequential both({layers::Input(Shape{None, 3}),
                   layers::Bidirectional({.layer = layers::LSTM({.units = 2}), .name = "both"})});
  expect(error_of([&] { both.predict(x, {.steps_at_a_time = 4}); }),
         "steps_at_a_time cuts sequences into parts, which Bidirectional \"both\" cannot");
  // Nobody asked for parts: it runs whole.
  const Tensor file = mapped(folder.path("x.npy"), noise({1, 70000, 3}, 1));
  EXPECT_EQ(part_length(both, {file}, 0), 0);
  Tensor wide({1, 10, 3}, DType::float64);
  const Tensor doubles = mapped(folder.path("d.npy"), wide);
  expect(error_of([&] { model.predict(doubles); }), "is float64, mapped from");
  expect(error_of([&] { model.predict(doubles); }), "convert the file once");
}

TEST(Prediction, AFileThatIsCutMeanwhileIsAnError) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("x.npy");
  const Tensor x = mapped(path, noise({1, 300000, 3}, 1));
  Sequential model = model_of(layers::GRU({.units = 4, .return_sequences = true}));
  model.predict(x);
  std::filesystem::resize_file(path, 100000);
  const std::string error = error_of([&] { model.predict(x); });
  EXPECT_NE(error.find("x.npy\" was cut while it is read: it had 3600128 bytes"), std::string::npos)
      << error;
  model.compile({.optimizer = "sgd", .loss = "mse"});
  EXPECT_NE(error_of([&] {
              model.fit(x, noise({1, 300000, 2}, 1), {.verbose = 0, .bptt = {64}});
            }).find("was cut while it is read"),
            std::string::npos);
}

TEST(Prediction, FitAndEvaluateTakeMappedFiles) {
  const test::TemporaryFolder folder;
  const Tensor x = noise({1, 40000, 3}, 1);
  const Tensor y = noise({1, 40000, 2}, 2);
  const Tensor x_file = mapped(folder.path("x.npy"), x);
  const Tensor y_file = mapped(folder.path("y.npy"), y);
  const auto trained = [&](const Tensor& a, const Tensor& b) {
    Sequential model = model_of(layers::GRU({.units = 4, .return_sequences = true}));
    model.compile({.optimizer = "adam", .loss = "mse", .metrics = {"mae"}});
    model.fit(a, b, {.verbose = 0, .validation_data = {a, b}, .bptt = {1000}});
    return model;
  };
  Sequential from_memory = trained(x, y);
  Sequential from_files = trained(x_file, y_file);
  EXPECT_TRUE(same_bits(from_memory.get_weights()[0], from_files.get_weights()[0]));
  const Results whole = from_memory.evaluate(x, y, {.verbose = 0});
  const Results parts = from_files.evaluate(x_file, y_file, {.verbose = 0});
  EXPECT_NEAR(whole.loss(), parts.loss(), 1e-6);
  EXPECT_NEAR(whole["mae"], parts["mae"], 1e-6);
  Tensor labels({1, 3000000}, DType::int32);
  labels.as<std::int32_t>()[2900000] = 7;
  const Tensor label_file = mapped(folder.path("labels.npy"), labels);
  Sequential model({layers::Input(Shape{None, 1}), layers::Dense({.units = 2})});
  model.compile({.optimizer = "adam", .loss = "sparse_categorical_crossentropy"});
  const Tensor zeros = mapped(folder.path("zeros.npy"), Tensor({1, 3000000, 1}));
  EXPECT_NE(error_of([&] {
              model.evaluate(zeros, label_file, {.verbose = 0});
            }).find("row 0, step 2900000"),
            std::string::npos);
}

}  // namespace
}  // namespace chronicler
