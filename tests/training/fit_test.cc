#include "chronicler/training/fit.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "chronicler/training/metrics.h"
#include "chronicler/training/optimizers/adam.h"
#include "chronicler/training/optimizers/sgd.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::close_to;
using test::error_of;
using test::noise;
using test::same_bits;

// A model that always says 0 and learns nothing: its losses can be told beforehand.
Sequential always_zero(std::int64_t units = 1, const std::string& activation = "linear") {
  Sequential model({layers::Dense({.units = units,
                                   .activation = activation,
                                   .kernel_initializer = "zeros",
                                   .trainable = false,
                                   .input_shape = Shape{2}})});
  model.compile({.optimizer = "sgd", .loss = "mse"});
  return model;
}

Sequential learner(std::uint64_t seed = 5) {
  set_random_seed(seed);
  Sequential model({layers::Dense({.units = 4, .activation = "tanh", .input_shape = Shape{2}}),
                    layers::Dense({.units = 1})});
  model.compile({.optimizer = optimizers::SGD({.learning_rate = 0.1}), .loss = "mse"});
  return model;
}

Tensor column(const std::vector<float>& values) {
  return Tensor({static_cast<std::int64_t>(values.size()), 1}, values);
}

Tensor vector_of(const std::vector<float>& values) {
  return Tensor({static_cast<std::int64_t>(values.size())}, values);
}

void expect_equal_weights(const Model& a, const Model& b) {
  const std::vector<Tensor> left = a.get_weights();
  const std::vector<Tensor> right = b.get_weights();
  ASSERT_EQ(left.size(), right.size());
  for (std::size_t i = 0; i < left.size(); ++i) EXPECT_TRUE(same_bits(left[i], right[i])) << i;
}

bool equal_weights(const Model& a, const Model& b) {
  return same_bits(a.get_weights()[0], b.get_weights()[0]);
}

// ---- batches and epochs

TEST(Fit, CountsEpochsAndSteps) {
  Sequential model = learner();
  const History history =
      model.fit(noise({10, 2}, 1), noise({10, 1}, 2), {.batch_size = 4, .epochs = 3, .verbose = 0});
  EXPECT_EQ(history.epoch, (std::vector<std::int64_t>{0, 1, 2}));
  EXPECT_EQ(history.params.epochs, 3);
  EXPECT_EQ(history.params.steps, 3);
  EXPECT_EQ(history.params.verbose, 0);
  EXPECT_EQ(history["loss"].size(), 3U);
  EXPECT_LT(history["loss"][2], history["loss"][0]);
}

TEST(Fit, GoesOnFromAnInitialEpoch) {
  Sequential model = learner();
  const History history = model.fit(noise({10, 2}, 1), noise({10, 1}, 2),
                                    {.epochs = 5, .verbose = 0, .initial_epoch = 3});
  EXPECT_EQ(history.epoch, (std::vector<std::int64_t>{3, 4}));
  const History none = model.fit(noise({10, 2}, 1), noise({10, 1}, 2),
                                 {.epochs = 2, .verbose = 0, .initial_epoch = 2});
  EXPECT_TRUE(none.epoch.empty());
}

TEST(Fit, HistoryHasTheKeysOfKeras) {
  Sequential model = learner();
  model.compile({.optimizer = "sgd",
                 .loss = "mse",
                 .metrics = {"mae", metrics::RootMeanSquaredError()},
                 .weighted_metrics = {"mse"}});
  const History history =
      model.fit(noise({10, 2}, 1), noise({10, 1}, 2), {.verbose = 0, .validation_split = 0.3});
  std::string keys;
  for (const auto& [key, values] : history.history) keys += key + " ";
  EXPECT_EQ(keys,
            "loss mae mse root_mean_squared_error val_loss val_mae val_mse "
            "val_root_mean_squared_error ");
  const std::string message = error_of([&] { return history["val_lss"]; });
  EXPECT_NE(message.find("val_loss"), std::string::npos) << message;
}

TEST(Fit, EpochLossWeighsBatchesByTheirSize) {
  Sequential model = always_zero();
  // Batches of 2, 2 and 1: the mean over samples is 11, that over batches would be 13.3.
  const History history = model.fit(noise({5, 2}, 1), column({1, 2, 3, 4, 5}),
                                    {.batch_size = 2, .verbose = 0, .shuffle = false});
  EXPECT_NEAR(history["loss"][0], 11.0, 1e-6);
}

TEST(Fit, MayStopAnEpochEarly) {
  Sequential model = always_zero();
  const History history =
      model.fit(noise({6, 2}, 1), column({1, 1, 2, 2, 3, 3}),
                {.batch_size = 2, .verbose = 0, .shuffle = false, .steps_per_epoch = 2});
  EXPECT_EQ(history.params.steps, 2);
  EXPECT_NEAR(history["loss"][0], 2.5, 1e-6);
}

// ---- order

TEST(Fit, ShufflingDoesNotChangeAFullBatch) {
  const Tensor x = noise({16, 2}, 1);
  const Tensor y = noise({16, 1}, 2);
  Sequential shuffled = learner();
  Sequential straight = learner();
  shuffled.fit(x, y, {.batch_size = 16, .epochs = 4, .verbose = 0});
  straight.fit(x, y, {.batch_size = 16, .epochs = 4, .verbose = 0, .shuffle = false});
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_TRUE(close_to(shuffled.get_weights()[i], straight.get_weights()[i], 1e-6));
}

TEST(Fit, ShufflingChangesTheOrderOfBatches) {
  const Tensor x = noise({16, 2}, 1);
  const Tensor y = noise({16, 1}, 2);
  Sequential shuffled = learner();
  Sequential straight = learner();
  shuffled.fit(x, y, {.batch_size = 2, .verbose = 0});
  straight.fit(x, y, {.batch_size = 2, .verbose = 0, .shuffle = false});
  EXPECT_FALSE(equal_weights(shuffled, straight));
}

// Every sample is seen once an epoch, in another order each time.
TEST(Fit, EveryEpochSeesEverySampleOnce) {
  const Tensor x = noise({16, 2}, 1);
  const Tensor y = test::ramp({16, 1});
  class Losses : public Callback {
   public:
    void on_train_batch_end(std::int64_t batch, Logs& logs) override {
      const double sum = logs.at("loss") * static_cast<double>(batch + 1);
      seen.push_back(static_cast<int>(std::lround(std::sqrt(sum - (batch > 0 ? before : 0.0)))));
      before = sum;
    }
    std::vector<int> seen;
    double before = 0.0;
  };
  const auto losses = std::make_shared<Losses>();
  Sequential model = always_zero();
  model.fit(x, y, {.batch_size = 1, .epochs = 2, .verbose = 0, .callbacks = {losses}});
  ASSERT_EQ(losses->seen.size(), 32U);
  std::vector<int> first(losses->seen.begin(), losses->seen.begin() + 16);
  std::vector<int> second(losses->seen.begin() + 16, losses->seen.end());
  EXPECT_NE(first, second);
  std::vector<int> all(16);
  std::iota(all.begin(), all.end(), 0);
  EXPECT_TRUE(std::is_permutation(first.begin(), first.end(), all.begin()));
  EXPECT_TRUE(std::is_permutation(second.begin(), second.end(), all.begin()));
  EXPECT_NE(first, all);
}

TEST(Fit, OneSeedGivesTheSameBits) {
  const Tensor x = noise({40, 6, 3}, 1);
  const Tensor y = noise({40, 1}, 2);
  const auto trained = [&](std::uint64_t seed) {
    set_random_seed(seed);
    Sequential model({layers::LSTM({.units = 5, .dropout = 0.2, .recurrent_dropout = 0.2}),
                      layers::Dropout({.rate = 0.3}), layers::Dense({.units = 1})});
    model.compile({.optimizer = "adam", .loss = "mse"});
    model.fit(x, y, {.batch_size = 8, .epochs = 3, .verbose = 0, .validation_split = 0.2});
    return model;
  };
  expect_equal_weights(trained(3), trained(3));
  EXPECT_FALSE(equal_weights(trained(3), trained(4)));
}

// ---- validation

TEST(Fit, TheTailValidates) {
  Sequential model = always_zero();
  // floor(7 * .7) = 4 train on 0; the last three are 1, 2, 3.
  const History history =
      model.fit(noise({7, 2}, 1), column({0, 0, 0, 0, 1, 2, 3}),
                {.batch_size = 2, .verbose = 0, .validation_split = 0.3, .shuffle = true});
  EXPECT_EQ(history.params.steps, 2);
  EXPECT_NEAR(history["loss"][0], 0.0, 1e-9);
  EXPECT_NEAR(history["val_loss"][0], 14.0 / 3.0, 1e-6);
}

TEST(Fit, ValidationDataWinsOverTheSplit) {
  Sequential model = always_zero();
  const History history =
      model.fit(noise({4, 2}, 1), column({1, 1, 1, 1}),
                {.verbose = 0,
                 .validation_split = 0.5,
                 .validation_data = ValidationData{noise({2, 2}, 2), column({3, 3})}});
  EXPECT_NEAR(history["loss"][0], 1.0, 1e-6);
  EXPECT_NEAR(history["val_loss"][0], 9.0, 1e-6);
}

TEST(Fit, ValidationDataMayHaveWeights) {
  Sequential model = always_zero();
  const History history =
      model.fit(noise({2, 2}, 1), column({0, 0}),
                {.verbose = 0,
                 .validation_data =
                     ValidationData{noise({2, 2}, 2), column({1, 2}), vector_of({1.0F, 0.5F})}});
  EXPECT_NEAR(history["val_loss"][0], (1.0 + 0.5 * 4.0) / 2.0, 1e-6);
}

TEST(Fit, ValidatesAsOftenAsAsked) {
  Sequential model = learner();
  const History history =
      model.fit(noise({8, 2}, 1), noise({8, 1}, 2),
                {.epochs = 5, .verbose = 0, .validation_split = 0.5, .validation_freq = 2});
  EXPECT_EQ(history["loss"].size(), 5U);
  EXPECT_EQ(history["val_loss"].size(), 2U);
}

TEST(Fit, ValidationIsOfTheWeightsAfterTheEpochAndWithoutDropout) {
  set_random_seed(1);
  Sequential model(
      {layers::Dropout({.rate = 0.5, .input_shape = Shape{2}}), layers::Dense({.units = 1})});
  model.compile({.optimizer = "sgd", .loss = "mse"});
  const Tensor x = noise({8, 2}, 1);
  const Tensor y = noise({8, 1}, 2);
  const History history = model.fit(x, y, {.verbose = 0, .validation_data = ValidationData{x, y}});
  EXPECT_NEAR(history["val_loss"][0], model.evaluate(x, y, {.verbose = 0}).loss(), 1e-7);
}

// ---- weights of samples and classes

TEST(Fit, SampleWeightsMultiplyLosses) {
  Sequential model = always_zero();
  const History history = model.fit(noise({4, 2}, 1), column({1, 2, 3, 4}),
                                    {.verbose = 0, .sample_weight = vector_of({1, 0, 2, 0.5F})});
  EXPECT_NEAR(history["loss"][0], (1.0 + 0.0 + 18.0 + 8.0) / 4.0, 1e-6);
}

TEST(Fit, WeightedMetricsAreMeans) {
  Sequential model = always_zero();
  model.compile(
      {.optimizer = "sgd", .loss = "mse", .metrics = {"mae"}, .weighted_metrics = {"mse"}});
  const History history = model.fit(noise({2, 2}, 1), column({1, 3}),
                                    {.verbose = 0, .sample_weight = vector_of({1, 3})});
  EXPECT_NEAR(history["mae"][0], 2.0, 1e-6);
  EXPECT_NEAR(history["mse"][0], (1.0 + 27.0) / 4.0, 1e-6);
}

TEST(Fit, SampleWeightsOfSequencesAreSpreadOrPerStep) {
  Sequential model({layers::Dense({.units = 1,
                                   .kernel_initializer = "zeros",
                                   .trainable = false,
                                   .input_shape = Shape{None, 2}})});
  model.compile({.optimizer = "sgd", .loss = "mse"});
  const Tensor y({2, 2, 1}, std::vector<float>{1, 2, 3, 4});
  const auto loss = [&](const Tensor& weight) {
    return model.evaluate(noise({2, 2, 2}, 1), y, {.verbose = 0, .sample_weight = weight}).loss();
  };
  EXPECT_NEAR(loss({}), (1 + 4 + 9 + 16) / 4.0, 1e-6);
  EXPECT_NEAR(loss(vector_of({1, 0})), (1 + 4) / 4.0, 1e-6);
  EXPECT_NEAR(loss(Tensor({2, 2}, std::vector<float>{0, 1, 2, 0})), (4 + 18) / 4.0, 1e-6);
}

TEST(Fit, ClassWeightsFollowTheLabel) {
  const double even = std::log(3.0);  // the loss of a model that gives all classes the same
  const auto loss = [](const std::string& name, const Tensor& y) {
    Sequential model = always_zero(3, "softmax");
    model.compile({.optimizer = "sgd", .loss = name});
    return model.fit(noise({3, 2}, 1), y,
                     {.verbose = 0, .class_weight = {{0, 1.0}, {1, 3.0}, {2, 0.5}}})["loss"][0];
  };
  const double expected = even * (3.0 + 0.5 + 0.5) / 3.0;
  EXPECT_NEAR(
      loss("sparse_categorical_crossentropy", Tensor({3}, std::vector<std::int32_t>{1, 2, 2})),
      expected, 1e-6);
  EXPECT_NEAR(
      loss("sparse_categorical_crossentropy", Tensor({3, 1}, std::vector<std::int32_t>{1, 2, 2})),
      expected, 1e-6);
  EXPECT_NEAR(loss("categorical_crossentropy",
                   Tensor({3, 3}, std::vector<float>{0, 1, 0, 0, 0, 1, 0, 0, 1})),
              expected, 1e-6);
}

TEST(Fit, ClassWeightsDoNotTouchValidation) {
  Sequential model = always_zero(2, "softmax");
  model.compile({.optimizer = "sgd", .loss = "sparse_categorical_crossentropy"});
  const Tensor x = noise({2, 2}, 1);
  const Tensor y({2}, std::vector<std::int32_t>{1, 1});
  const History history = model.fit(x, y,
                                    {.verbose = 0,
                                     .validation_data = ValidationData{x, y},
                                     .class_weight = {{0, 1.0}, {1, 2.0}}});
  EXPECT_NEAR(history["loss"][0], 2.0 * std::log(2.0), 1e-6);
  EXPECT_NEAR(history["val_loss"][0], std::log(2.0), 1e-6);
}

// ---- callbacks

class Recorder : public Callback {
 public:
  Recorder(std::string name, std::vector<std::string>& events)
      : name_(std::move(name)), events_(events) {}
  void on_train_begin(Logs&) override { add("train_begin"); }
  void on_train_end(Logs&) override { add("train_end"); }
  void on_epoch_begin(std::int64_t epoch, Logs&) override { add("epoch_begin", epoch); }
  void on_epoch_end(std::int64_t epoch, Logs&) override { add("epoch_end", epoch); }
  void on_train_batch_begin(std::int64_t batch, Logs&) override { add("train_batch_begin", batch); }
  void on_train_batch_end(std::int64_t batch, Logs&) override { add("train_batch_end", batch); }
  void on_test_begin(Logs&) override { add("test_begin"); }
  void on_test_end(Logs&) override { add("test_end"); }
  void on_test_batch_begin(std::int64_t batch, Logs&) override { add("test_batch_begin", batch); }
  void on_test_batch_end(std::int64_t batch, Logs&) override { add("test_batch_end", batch); }
  void on_predict_begin(Logs&) override { add("predict_begin"); }
  void on_predict_end(Logs&) override { add("predict_end"); }
  void on_predict_batch_begin(std::int64_t batch, Logs&) override {
    add("predict_batch_begin", batch);
  }
  void on_predict_batch_end(std::int64_t batch, Logs&) override { add("predict_batch_end", batch); }

 private:
  void add(const std::string& event) { events_.push_back(name_ + event); }
  void add(const std::string& event, std::int64_t number) {
    add(event + " " + std::to_string(number));
  }

  std::string name_;
  std::vector<std::string>& events_;
};

TEST(Callbacks, AreCalledInKerasOrder) {
  std::vector<std::string> events;
  Sequential model = learner();
  model.fit(noise({4, 2}, 1), noise({4, 1}, 2),
            {.batch_size = 1,
             .epochs = 2,
             .verbose = 0,
             .callbacks = {std::make_shared<Recorder>("", events)},
             .validation_split = 0.5});
  const std::vector<std::string> epoch{"train_batch_begin 0", "train_batch_end 0",
                                       "train_batch_begin 1", "train_batch_end 1",
                                       "test_begin",          "test_batch_begin 0",
                                       "test_batch_end 0",    "test_batch_begin 1",
                                       "test_batch_end 1",    "test_end"};
  std::vector<std::string> expected{"train_begin"};
  for (const std::string number : {"0", "1"}) {
    expected.push_back("epoch_begin " + number);
    expected.insert(expected.end(), epoch.begin(), epoch.end());
    expected.push_back("epoch_end " + number);
  }
  expected.emplace_back("train_end");
  EXPECT_EQ(events, expected);
}

TEST(Callbacks, AreCalledInTheOrderOfTheList) {
  std::vector<std::string> events;
  Sequential model = always_zero();
  const std::vector<CallbackPtr> both{std::make_shared<Recorder>("a ", events),
                                      std::make_shared<Recorder>("b ", events)};
  model.predict(noise({1, 2}, 1), {.callbacks = both});
  EXPECT_EQ(events, (std::vector<std::string>{"a predict_begin", "b predict_begin",
                                              "a predict_batch_begin 0", "b predict_batch_begin 0",
                                              "a predict_batch_end 0", "b predict_batch_end 0",
                                              "a predict_end", "b predict_end"}));
  events.clear();
  model.evaluate(noise({1, 2}, 1), column({1}), {.verbose = 0, .callbacks = {both[0]}});
  EXPECT_EQ(events, (std::vector<std::string>{"a test_begin", "a test_batch_begin 0",
                                              "a test_batch_end 0", "a test_end"}));
}

TEST(Callbacks, MayNotBeNull) {
  Sequential model = learner();
  const Tensor x = noise({4, 2}, 1);
  const Tensor y = noise({4, 1}, 2);
  const std::string message = "one of the callbacks is null: leave it out of the list";
  EXPECT_EQ(test::error_of([&] { model.fit(x, y, {.verbose = 0, .callbacks = {nullptr}}); }),
            message);
  EXPECT_EQ(test::error_of([&] { model.evaluate(x, y, {.verbose = 0, .callbacks = {nullptr}}); }),
            message);
}

TEST(Fit, EndsWithinItsLimits) {
  Sequential model = learner();
  const Tensor x = noise({4, 2}, 1);
  const Tensor y = noise({4, 1}, 2);
  constexpr double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(test::error_of([&] { model.fit(x, y, {.verbose = 0, .max_epochs = infinity}); }),
            "max_epochs must be above 0 and at most 1e+09, got inf");
  EXPECT_EQ(test::error_of([&] { model.fit(x, y, {.verbose = 0, .max_epochs = 1e300}); }),
            "max_epochs must be above 0 and at most 1e+09, got 1e+300");
  EXPECT_EQ(test::error_of([&] { model.fit(x, y, {.verbose = 0, .max_seconds = infinity}); }),
            "max_seconds must be above 0 and at most 1e+09, got inf");
}

// What one callback adds to the logs, later ones and the history have.
TEST(Callbacks, ShareTheirLogs) {
  class Adds : public Callback {
   public:
    void on_epoch_end(std::int64_t epoch, Logs& logs) override {
      logs["learning_rate"] = 0.5 + static_cast<double>(epoch);
    }
  };
  class Sees : public Callback {
   public:
    void on_epoch_end(std::int64_t, Logs& logs) override {
      seen.push_back(logs.at("learning_rate"));
    }
    std::vector<double> seen;
  };
  const auto sees = std::make_shared<Sees>();
  Sequential model = learner();
  const History history =
      model.fit(noise({4, 2}, 1), noise({4, 1}, 2),
                {.epochs = 2, .verbose = 0, .callbacks = {std::make_shared<Adds>(), sees}});
  EXPECT_EQ(sees->seen, (std::vector<double>{0.5, 1.5}));
  EXPECT_EQ(history["learning_rate"], sees->seen);
}

TEST(Callbacks, KnowModelAndParameters) {
  class Asks : public Callback {
   public:
    void on_train_begin(Logs&) override {
      epochs = params().epochs;
      steps = params().steps;
      name = model().name();
    }
    std::int64_t epochs = 0;
    std::int64_t steps = 0;
    std::string name;
  };
  const auto asks = std::make_shared<Asks>();
  Sequential model = learner();
  model.fit(noise({5, 2}, 1), noise({5, 1}, 2),
            {.batch_size = 2, .epochs = 3, .verbose = 0, .callbacks = {asks}});
  EXPECT_EQ(asks->epochs, 3);
  EXPECT_EQ(asks->steps, 3);
  EXPECT_EQ(asks->name, model.name());
}

TEST(Callbacks, MayStopTraining) {
  class Stops : public Callback {
   public:
    void on_epoch_end(std::int64_t epoch, Logs&) override { model().stop_training = epoch == 1; }
  };
  Sequential model = learner();
  const History history =
      model.fit(noise({4, 2}, 1), noise({4, 1}, 2),
                {.epochs = 9, .verbose = 0, .callbacks = {std::make_shared<Stops>()}});
  EXPECT_EQ(history.epoch.size(), 2U);
  EXPECT_TRUE(model.stop_training);
  EXPECT_EQ(model.fit(noise({4, 2}, 1), noise({4, 1}, 2), {.epochs = 3, .verbose = 0}).epoch.size(),
            3U)
      << "the next fit starts afresh";
}

// ---- printing

TEST(Fit, VerboseZeroPrintsNothing) {
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  Sequential model = learner();
  const Tensor x = noise({4, 2}, 1);
  const Tensor y = noise({4, 1}, 2);
  model.fit(x, y, {.epochs = 2, .verbose = 0, .validation_split = 0.5});
  model.evaluate(x, y, {.verbose = 0});
  model.predict(x);
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

// ---- evaluate and predict

TEST(Evaluate, WeighsBatchesByTheirSize) {
  Sequential model = always_zero();
  model.compile({.optimizer = "sgd", .loss = "mse", .metrics = {"mae"}});
  for (const std::int64_t batch : {1, 2, 3, 5, 32}) {
    const Results results = model.evaluate(noise({5, 2}, 1), column({1, 2, 3, 4, 5}),
                                           {.batch_size = batch, .verbose = 0});
    EXPECT_NEAR(results.loss(), 11.0, 1e-6) << batch;
    EXPECT_NEAR(results["mae"], 3.0, 1e-6) << batch;
  }
}

TEST(Evaluate, TakesAsManyBatchesAsAsked) {
  Sequential model = always_zero();
  EXPECT_NEAR(model
                  .evaluate(noise({4, 2}, 1), column({1, 1, 9, 9}),
                            {.batch_size = 1, .verbose = 0, .steps = 2})
                  .loss(),
              1.0, 1e-6);
}

TEST(Evaluate, ChangesNothing) {
  Sequential model = learner();
  const Sequential before = model.clone();
  model.evaluate(noise({5, 2}, 1), noise({5, 1}, 2), {.verbose = 0});
  model.test_on_batch(noise({5, 2}, 1), noise({5, 1}, 2));
  expect_equal_weights(model, before);
}

TEST(Predict, BatchesGiveTheSameBits) {
  Sequential model(
      {layers::LSTM({.units = 5, .input_shape = Shape{None, 3}}), layers::Dense({.units = 2})});
  const Tensor x = noise({7, 4, 3}, 1);
  const Tensor whole = model.predict(x);
  EXPECT_EQ(whole.shape(), (Shape{7, 2}));
  for (const std::int64_t batch : {1, 2, 3, 7, 100})
    EXPECT_TRUE(same_bits(model.predict(x, {.batch_size = batch}), whole)) << batch;
  EXPECT_TRUE(same_bits(model.predict_on_batch(x), whole));
  EXPECT_TRUE(same_bits(model.predict(x, {.batch_size = 2, .steps = 2}), whole.rows(0, 4)));
}

TEST(Predict, NeedsNoCompilation) {
  Sequential model({layers::Dense({.units = 2})});
  EXPECT_EQ(model.predict(noise({3, 4}, 1)).shape(), (Shape{3, 2}));
}

// ---- stateful models

TEST(Stateful, PredictCarriesOverBatches) {
  const auto make = [] {
    Sequential model({layers::LSTM({.units = 3, .stateful = true, .input_shape = Shape{None, 2}})});
    for (const LayerPtr& layer : model.layers()) test::randomize_weights(*layer, 3);
    return model;
  };
  // Rows 0 and 1 of each batch of two are two sequences of three pieces.
  const Tensor x = noise({6, 4, 2}, 1);
  Sequential carried = make();
  const Tensor pieces = carried.predict(x, {.batch_size = 2});
  Tensor joined({2, 12, 2});
  for (std::int64_t row = 0; row < 2; ++row) {
    for (std::int64_t piece = 0; piece < 3; ++piece) {
      std::copy_n(x.as<float>() + (piece * 2 + row) * 8, 8,
                  joined.as<float>() + row * 24 + piece * 8);
    }
  }
  Sequential whole = make();
  EXPECT_TRUE(same_bits(pieces.rows(4, 6), whole.predict(joined)));
  carried.reset_states();
  EXPECT_TRUE(same_bits(carried.predict(x, {.batch_size = 2}), pieces));
}

TEST(Stateful, FitCarriesOverBatchesAndEpochs) {
  set_random_seed(1);
  Sequential model({layers::Input({.shape = {4, 2}, .batch_size = 2}),
                    layers::GRU({.units = 3, .stateful = true}), layers::Dense({.units = 1})});
  model.compile({.optimizer = optimizers::SGD({.learning_rate = 1e-9}), .loss = "mse"});
  const Tensor x = noise({2, 4, 2}, 1);
  const Tensor y = noise({2, 1}, 2);
  const History history =
      model.fit(x, y, {.batch_size = 2, .epochs = 2, .verbose = 0, .shuffle = false});
  EXPECT_NE(history["loss"][0], history["loss"][1]) << "the second epoch starts from the state";
  model.reset_states();
  EXPECT_NEAR(model.evaluate(x, y, {.batch_size = 2, .verbose = 0}).loss(), history["loss"][0],
              1e-6);
}

// ---- learning

// Ids of `steps` symbols; the answer is the first.
void expect_remembers_first(const LayerPtr& memory, std::int64_t steps, std::int64_t epochs,
                            double goal) {
  constexpr std::int64_t symbols = 4;
  set_random_seed(4);
  Sequential model({layers::Embedding({.input_dim = symbols, .output_dim = 8}), memory,
                    layers::Dense({.units = symbols, .activation = "softmax"})});
  model.compile({.optimizer = optimizers::Adam({.learning_rate = 0.01, .clipnorm = 1.0}),
                 .loss = "sparse_categorical_crossentropy",
                 .metrics = {"accuracy"}});
  const auto first_of = [&](const Tensor& x) {
    Tensor y({x.shape()[0]}, DType::int32);
    for (std::int64_t row = 0; row < x.shape()[0]; ++row)
      y.as<std::int32_t>()[row] = x.as<std::int32_t>()[row * steps];
    return y;
  };
  const Tensor x = test::random_ids({1024, steps}, symbols, 1);
  const Tensor x_test = test::random_ids({512, steps}, symbols, 2);
  model.fit(x, first_of(x), {.batch_size = 64, .epochs = epochs, .verbose = 0});
  const Results results = model.evaluate(x_test, first_of(x_test), {.verbose = 0});
  EXPECT_GT(results["accuracy"], goal);
}

TEST(Learning, LSTMRemembersTheFirstOfTwentySymbols) {
  expect_remembers_first(layers::LSTM({.units = 24}), 20, 40, 0.95);
}

TEST(Learning, GRURemembersTheFirstOfTwelveSymbols) {
  expect_remembers_first(layers::GRU({.units = 24}), 12, 20, 0.95);
}

TEST(Learning, SimpleRNNRemembersTheFirstOfFourSymbols) {
  expect_remembers_first(layers::SimpleRNN({.units = 24}), 4, 10, 0.95);
}

}  // namespace
}  // namespace chronicler
