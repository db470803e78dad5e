#include "training/fit_data.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/training/fit.h"
#include "chronicler/training/optimizers/adam.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;
using test::noise;

SequenceList ragged(std::int64_t count, std::int64_t features = 3) {
  std::vector<Tensor> sequences;
  for (std::int64_t i = 0; i < count; ++i)
    sequences.push_back(noise({2 + i * 7 % 11, features}, 100 + static_cast<std::uint64_t>(i)));
  return SequenceList(sequences);
}

Sequential masked_model(bool sequences) {
  return Sequential({layers::Input(Shape{None, 3}),
                     layers::Bidirectional(layers::LSTM({.units = 4, .return_sequences = true})),
                     layers::GRU({.units = 3, .return_sequences = sequences}),
                     layers::Dense({.units = 2})});
}

void expect_each_alone(Sequential& model, const SequenceList& x) {
  const std::vector<Tensor> answers = model.predict(x, {.batch_size = 4});
  ASSERT_EQ(static_cast<std::int64_t>(answers.size()), x.size());
  for (std::int64_t i = 0; i < x.size(); ++i) {
    SCOPED_TRACE(i);
    const Tensor alone = model(x[i].reshaped(x[i].shape().with_front(1)));
    const Tensor& answer = answers[static_cast<std::size_t>(i)];
    ASSERT_EQ(answer.shape(), alone.shape().without_front());
    EXPECT_TRUE(test::same_bits(answer, alone.reshaped(answer.shape())));
  }
}

TEST(SequenceData, PredictionsAreThoseOfEachSequenceAlone) {
  Sequential last = masked_model(false);
  EXPECT_TRUE(knows_masks(last));
  expect_each_alone(last, ragged(13));
  Sequential sequences = masked_model(true);
  expect_each_alone(sequences, ragged(13));
}

// A convolution does not know masks: then batches are of one length.
TEST(SequenceData, NothingIsPaddedWithoutMasks) {
  Sequential model({layers::Input(Shape{None, 3}),
                    layers::Conv1D({.filters = 4, .kernel_size = {3}, .padding = "same"}),
                    layers::GlobalMaxPooling1D()});
  EXPECT_FALSE(knows_masks(model));
  expect_each_alone(model, ragged(13));
  const FitData data = fit_data(model, {ragged(40)}, {.batch_size = 8});
  Batches batches = data.batches.batches();
  while (const Batch* batch = batches.next()) EXPECT_TRUE(batch->masks.empty());

  Sequential turned({layers::Input(Shape{None, 3}),
                     layers::LSTM({.units = 2, .return_sequences = true, .go_backwards = true})});
  EXPECT_FALSE(knows_masks(turned));
  expect_each_alone(turned, ragged(13));
}

TEST(SequenceData, LearnsFromSequencesOfDifferentLengths) {
  // Whether the numbers of the first feature add up to more than 0.
  const SequenceList x = ragged(60);
  Tensor y({60, 1});
  for (std::int64_t i = 0; i < 60; ++i) {
    float sum = 0;
    for (std::int64_t t = 0; t < x.length(i); ++t) sum += x[i].as<float>()[t * 3];
    y.as<float>()[i] = sum > 0 ? 1.0F : 0.0F;
  }
  set_random_seed(1);
  Sequential model(
      {layers::LSTM({.units = 8}), layers::Dense({.units = 1, .activation = "sigmoid"})});
  model.compile({.optimizer = optimizers::Adam({.learning_rate = 0.02}),
                 .loss = "binary_crossentropy",
                 .metrics = {"accuracy"}});
  const History history =
      model.fit(x, y, {.batch_size = 8, .epochs = 30, .verbose = 0, .validation_split = 0.2});
  EXPECT_EQ(history["val_loss"].size(), 30U);
  EXPECT_EQ(model.input_shape(), (Shape{None, None, 3}));
  EXPECT_GT(model.evaluate(x, y, {.verbose = 0})["accuracy"], 0.9);
}

// The same numbers as one padded tensor with a mask, since the batches are the same.
TEST(SequenceData, TargetsOfStepsCountWhereStepsDo) {
  const SequenceList x({noise({5, 3}, 1), noise({5, 3}, 2)});
  const SequenceList y({noise({5, 2}, 3), noise({5, 2}, 4)});
  Sequential model = masked_model(true);
  model.compile({.optimizer = "sgd", .loss = "mse"});
  const double whole =
      model.evaluate(x.padded({0, 1}), y.padded({0, 1}), EvaluateOptions{.verbose = 0}).loss();
  EXPECT_EQ(model.evaluate(x, y, {.verbose = 0}).loss(), whole);
  const SequenceList short_x({x[0], x[1].rows(0, 4)});
  const SequenceList short_y({y[0], y[1].rows(0, 4)});
  model.fit(short_x, short_y, {.epochs = 2, .verbose = 0});
  const double masked = model.evaluate(short_x, short_y, {.verbose = 0}).loss();
  const double first =
      model.evaluate(SequenceList({short_x[0]}), SequenceList({short_y[0]}), {.verbose = 0}).loss();
  const double second =
      model.evaluate(SequenceList({short_x[1]}), SequenceList({short_y[1]}), {.verbose = 0}).loss();
  EXPECT_NEAR(masked, (5 * first + 4 * second) / 9, 1e-6);
}

TEST(SequenceData, SayWhatIsWrong) {
  Sequential model = masked_model(true);
  model.compile({.optimizer = "sgd", .loss = "mse"});
  const SequenceList x({noise({5, 3}, 1), noise({4, 3}, 2)});
  EXPECT_EQ(error_of([&] {
              model.fit(x, Tensor({3, 2}), {.verbose = 0});
            }),
            "x has 2 sequences, y has shape (3, 2): its first axis counts the sequences");
  EXPECT_EQ(error_of([&] {
              model.fit(x, SequenceList({Tensor({5, 2}), Tensor({5, 2})}), {.verbose = 0});
            }),
            "sequence 1 of x has 4 steps, its targets have 5: give a target for each step");
  Sequential stateful({layers::Input({.shape = {None, 3}, .batch_size = 1}),
                       layers::LSTM({.units = 2, .stateful = true, .name = "memory"})});
  EXPECT_NE(error_of([&] { stateful.predict(x); }).find("layer \"memory\" is stateful"),
            std::string::npos);
}

}  // namespace
}  // namespace chronicler
