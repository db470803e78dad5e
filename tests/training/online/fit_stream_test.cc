#include "chronicler/training/fit_stream.h"

#include <cmath>
#include <iostream>

#include <gtest/gtest.h>

#include "chronicler/base/random.h"
#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "chronicler/model/stream.h"
#include "chronicler/training/callbacks.h"
#include "chronicler/training/dataset.h"
#include "chronicler/training/fit.h"
#include "chronicler/training/losses.h"
#include "chronicler/training/optimizers.h"
#include "chronicler/training/stream_learner.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;
using test::noise;

constexpr std::int64_t features = 3;

Sequential made_of(const std::vector<LayerPtr>& cells, std::int64_t outputs = 2,
                   const std::string& dtype = "float32") {
  std::vector<LayerPtr> layers{layers::Input({None, features})};
  layers.insert(layers.end(), cells.begin(), cells.end());
  layers.push_back(layers::Dense({.units = outputs, .dtype = dtype}));
  return Sequential(layers);
}

std::span<const float> row_of(const Tensor& all, std::int64_t row) {
  const std::int64_t width = all.size() / all.shape()[0];
  return {all.as<float>() + row * width, static_cast<std::size_t>(width)};
}

// A step of SGD by the mean gradient of all steps: backpropagation through the whole sequence.
void step_by_bptt(Sequential& model, const Tensor& x, const Tensor& y) {
  model.compile({.optimizer = optimizers::SGD({.learning_rate = 1.0}), .loss = "mse"});
  model.train_on_batch(x.reshaped(x.shape().with_front(1)), y.reshaped(y.shape().with_front(1)));
}

// The same by way of the traces.
void step_by_traces(Sequential& model, const Tensor& x, const Tensor& y) {
  model.compile({.optimizer = optimizers::SGD({.learning_rate = 1.0}), .loss = "mse"});
  model.fit_stream(x, y, {.update_every = x.shape()[0], .verbose = 0});
}

double norm_of(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const Tensor left = a[i].to(DType::float64);
    const Tensor right = b[i].to(DType::float64);
    for (std::int64_t k = 0; k < left.size(); ++k)
      sum += std::pow(left.as<double>()[k] - right.as<double>()[k], 2);
  }
  return std::sqrt(sum);
}

// How far apart both ways move the weights, as a share of the way.
double difference_from_bptt(Sequential model, std::int64_t steps) {
  Sequential other = model.clone();
  const std::vector<Tensor> before = model.get_weights();
  const Tensor x = noise({steps, features}, 1);
  const Tensor y = noise({steps, 2}, 2);
  step_by_bptt(model, x, y);
  step_by_traces(other, x, y);
  return norm_of(model.get_weights(), other.get_weights()) / norm_of(model.get_weights(), before);
}

// One unit, and only the weights that its state stays for long.
std::vector<LayerPtr> cells_of_one_unit(const std::string& dtype) {
  return {layers::LSTM({.units = 1, .return_sequences = true, .dtype = dtype}),
          layers::GRU({.units = 1, .return_sequences = true, .dtype = dtype}),
          layers::SimpleRNN({.units = 1, .return_sequences = true, .dtype = dtype})};
}

TEST(FitStream, TheGradientOfOneUnitIsThatOfTheWholeSequence) {
  for (const LayerPtr& cell : cells_of_one_unit("float64")) {
    EXPECT_LE(difference_from_bptt(made_of({cell}, 2, "float64"), 10000), 1e-10)
        << cell->class_name();
  }
  for (const LayerPtr& cell : cells_of_one_unit("float32"))
    EXPECT_LE(difference_from_bptt(made_of({cell}), 10000), 1e-5) << cell->class_name();
}

// Units that do not see one another: the gradient is that of the whole sequence, however many.
std::vector<LayerPtr> cells_of_units_apart(const std::string& dtype) {
  return {
      layers::MinGRU({.units = 6, .return_sequences = true, .dtype = dtype}),
      layers::MinLSTM({.units = 6, .return_sequences = true, .dtype = dtype}),
      layers::RGLRU({.units = 6, .return_sequences = true, .dtype = dtype}),
      layers::RGLRU({.units = 6, .negative = true, .return_sequences = true, .dtype = dtype}),
      layers::MinGRU({.units = 6, .use_bias = false, .return_sequences = true, .dtype = dtype})};
}

TEST(FitStream, TheGradientOfUnitsApartIsThatOfTheWholeSequence) {
  for (const LayerPtr& cell : cells_of_units_apart("float64")) {
    EXPECT_LE(difference_from_bptt(made_of({cell}, 2, "float64"), 10000), 1e-10)
        << cell->class_name();
  }
  for (const LayerPtr& cell : cells_of_units_apart("float32"))
    EXPECT_LE(difference_from_bptt(made_of({cell}), 10000), 1e-5) << cell->class_name();
  Sequential model = made_of({cells_of_units_apart("float32").front()});
  model.compile({.optimizer = "adam", .loss = "mse"});
  const StreamLearner learner(model);
  EXPECT_TRUE(learner.exact());
  EXPECT_EQ(learner.trace_bytes(), 4 * 2 * 6 * (features + 1));
}

// What SnAp-1 leaves out turns the direction a little, and no more.
TEST(FitStream, SnapOneGoesTheWayOfTheWholeGradient) {
  set_random_seed(1);
  for (const LayerPtr& cell : {layers::LSTM({.units = 16, .return_sequences = true}),
                               layers::GRU({.units = 16, .return_sequences = true})}) {
    Sequential model = made_of({cell});
    Sequential other = model.clone();
    const std::vector<Tensor> before = model.get_weights();
    const Tensor x = noise({10000, features}, 1);
    const Tensor y = noise({10000, 2}, 2);
    step_by_bptt(model, x, y);
    step_by_traces(other, x, y);
    const double way = norm_of(model.get_weights(), before);
    const double other_way = norm_of(other.get_weights(), before);
    const double apart = norm_of(model.get_weights(), other.get_weights());
    const double cosine =
        (way * way + other_way * other_way - apart * apart) / (2.0 * way * other_way);
    std::cout << cell->class_name() << " of 16 units, 10,000 steps: cosine of SnAp-1's gradient "
              << "and the whole one " << cosine << "\n";
    EXPECT_GT(cosine, 0.9);
  }
}

TEST(FitStream, ALayerThatGivesItsLastOutputLearnsAtEveryStep) {
  const LayerPtr last = layers::LSTM({.units = 4});
  const LayerPtr all = layers::LSTM({.units = 4, .return_sequences = true});
  Sequential model = made_of({last});
  Sequential sequences = made_of({all});
  sequences.set_weights(model.get_weights());
  const Tensor x = noise({50, features}, 1);
  const Tensor y = noise({50, 2}, 2);
  for (Sequential* each : {&model, &sequences}) {
    each->compile({.optimizer = "sgd", .loss = "mse"});
    each->fit_stream(x, y, {.verbose = 0});
  }
  EXPECT_EQ(norm_of(model.get_weights(), sequences.get_weights()), 0.0);
}

// Layers without a state run as they are: a step's gradient by way of them is that of fit.
TEST(FitStream, AStepIsAStepOfFitWhateverLayersThereAre) {
  const auto made = [] {
    return Sequential(
        {layers::Input({None, features}), layers::Dense({.units = 4, .activation = "gelu"}),
         layers::LSTM({.units = 4, .return_sequences = true}), layers::LayerNormalization({}),
         layers::Dropout({.rate = 0.0}), layers::GRU({.units = 3, .return_sequences = true}),
         layers::Activation("tanh"),
         layers::Dense({.units = 2, .kernel_regularizer = regularizers::L2(0.1)})});
  };
  Sequential model = made();
  Sequential other = model.clone();
  const std::vector<Tensor> before = model.get_weights();
  const Tensor x = noise({1, features}, 1);
  const Tensor y = noise({1, 2}, 2);
  step_by_bptt(model, x, y);
  step_by_traces(other, x, y);
  EXPECT_LE(norm_of(model.get_weights(), other.get_weights()),
            1e-6 * norm_of(model.get_weights(), before));
}

TEST(FitStream, FrozenLayersStay) {
  const LayerPtr cell = layers::LSTM({.units = 4, .return_sequences = true, .trainable = false});
  Sequential model = made_of({cell});
  model.compile({.optimizer = "adam", .loss = "mse"});
  const std::vector<Tensor> before = model.get_weights();
  model.fit_stream(noise({20, features}, 1), noise({20, 2}, 2), {.verbose = 0});
  const std::vector<Tensor> after = model.get_weights();
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(test::same_bits(before[i], after[i]));
  EXPECT_FALSE(test::same_bits(before[3], after[3]));
}

TEST(FitStream, IdsAndLabelsAndTheirLogits) {
  Sequential model({layers::Input({.shape = Shape{None}, .dtype = "int32"}),
                    layers::Embedding({.input_dim = 5, .output_dim = 4}),
                    layers::GRU({.units = 16, .return_sequences = true}),
                    layers::Dense({.units = 5, .activation = "softmax"})});
  model.compile({.optimizer = optimizers::Adam({.learning_rate = 0.01}),
                 .loss = "sparse_categorical_crossentropy",
                 .metrics = {"accuracy"}});
  std::vector<std::int32_t> ids;
  for (int i = 0; i < 3001; ++i) ids.push_back(i * i % 5);
  const Tensor x({3000}, std::vector<std::int32_t>(ids.begin(), ids.end() - 1));
  const Tensor y({3000}, std::vector<std::int32_t>(ids.begin() + 1, ids.end()));
  const History history = model.fit_stream(x, y, {.verbose = 0});
  EXPECT_EQ(history["loss"].size(), 3U);
  EXPECT_LE(history["loss"].back(), 0.1);
  EXPECT_GE(history["accuracy"].back(), 0.99);
}

TEST(FitStream, BatchesOfADataSetFollowOneAnother) {
  const Tensor x = noise({40, features}, 1);
  const Tensor y = noise({40, 2}, 2);
  Sequential whole = made_of({layers::LSTM({.units = 4, .return_sequences = true})});
  Sequential parts = whole.clone();
  Sequential apart = whole.clone();
  const Dataset data = Dataset::from_tensors(x.reshaped({4, 10, features}), y.reshaped({4, 10, 2}));
  for (Sequential* each : {&whole, &parts, &apart})
    each->compile({.optimizer = "adam", .loss = "mse"});
  whole.fit_stream(x, y, {.verbose = 0});
  parts.fit_stream(data, {.verbose = 0});
  apart.fit_stream(data, {.new_sequences = true, .verbose = 0});
  EXPECT_EQ(norm_of(whole.get_weights(), parts.get_weights()), 0.0);
  EXPECT_GT(norm_of(whole.get_weights(), apart.get_weights()), 0.0);
}

TEST(FitStream, SameBitsForAnyNumberOfThreads) {
  const int before = Runtime::global().threads();
  Sequential first = made_of({layers::LSTM({.units = 40, .return_sequences = true})});
  Sequential second = first.clone();
  for (Sequential* each : {&first, &second}) {
    set_threads(each == &first ? 1 : 3);
    each->compile({.optimizer = "adam", .loss = "mse"});
    each->fit_stream(noise({30, features}, 1), noise({30, 2}, 2), {.verbose = 0});
  }
  set_threads(before);
  EXPECT_EQ(norm_of(first.get_weights(), second.get_weights()), 0.0);
}

TEST(FitStream, ReportsAsEpochsToCallbacks) {
  class Count final : public Callback {
   public:
    void on_train_begin(Logs&) override { ++begun; }
    void on_epoch_end(std::int64_t epoch, Logs& logs) override {
      ends.push_back(epoch);
      EXPECT_GT(logs.at("loss"), 0.0);
      if (epoch == 2) model().stop_training = true;
    }
    int begun = 0;
    std::vector<std::int64_t> ends;
  };
  const auto count = std::make_shared<Count>();
  Sequential model = made_of({layers::GRU({.units = 2, .return_sequences = true})});
  model.compile({.optimizer = "adam", .loss = "mse", .metrics = {"mae"}});
  const History history =
      model.fit_stream(noise({100, features}, 1), noise({100, 2}, 2),
                       {.report_every = 10, .verbose = 0, .callbacks = {count}});
  EXPECT_EQ(count->begun, 1);
  EXPECT_EQ(count->ends, (std::vector<std::int64_t>{0, 1, 2}));
  EXPECT_EQ(history["mae"].size(), 3U);
  EXPECT_EQ(history.progress.steps, 30);
}

// A series whose rule changes amid it: what y takes of x and of the x before turns round.
struct Regime {
  Tensor x{{12000, 1}};
  Tensor y{{12000, 1}};

  Regime() {
    const Tensor drawn = noise({12000, 1}, 5);
    for (std::int64_t t = 0; t < 12000; ++t) {
      x.as<float>()[t] = drawn.as<float>()[t];
      const float before = t < 1 ? 0.0F : drawn.as<float>()[t - 1];
      const float now = 0.6F * drawn.as<float>()[t] + 0.4F * before;
      y.as<float>()[t] = t < 8000 ? now : -now;
    }
  }
};

TEST(FitStream, RecoversFromAChangeOfConceptWhereAFrozenModelStaysWrong) {
  set_random_seed(1);
  const Regime regime;
  Sequential model(
      {layers::Input({None, 1}), layers::GRU({.units = 16}), layers::Dense({.units = 1})});
  model.compile({.optimizer = optimizers::Adam({.learning_rate = 0.01}), .loss = "mse"});
  StreamLearner learner(model);
  double before = 0.0;
  double recovered = 0.0;
  double frozen_error = 0.0;
  std::unique_ptr<Sequential> frozen;
  std::unique_ptr<Stream> live;
  for (std::int64_t t = 0; t < 12000; ++t) {
    if (t == 8000) {
      frozen = std::make_unique<Sequential>(model.clone());
      live = std::make_unique<Stream>(frozen->stream());
    }
    const double loss = learner.learn(row_of(regime.x, t), row_of(regime.y, t)).loss;
    if (t >= 7000 && t < 8000) before += loss / 1000.0;
    if (t < 8000) continue;
    const double left = live->step(row_of(regime.x, t))[0] - regime.y.as<float>()[t];
    if (t < 10000) continue;
    recovered += loss / 2000.0;
    frozen_error += left * left / 2000.0;
  }
  EXPECT_LE(before, 0.01);
  EXPECT_LE(recovered, 0.01);
  EXPECT_GT(frozen_error, 2.0 * recovered);
}

TEST(StreamLearner, ShowsItsPredictionBeforeTheTargetComes) {
  Sequential model = made_of({layers::LSTM({.units = 4, .return_sequences = true})});
  model.compile({.optimizer = optimizers::SGD({.learning_rate = 0.0}), .loss = "mse"});
  StreamLearner learner(model);
  Stream stream = model.stream();
  EXPECT_EQ(learner.features(), features);
  EXPECT_EQ(learner.outputs(), 2);
  EXPECT_FALSE(learner.exact());
  EXPECT_EQ(learner.trace_bytes(), 2 * 4 * (4 * 4 * (features + 4 + 1)));
  const Tensor x = noise({10, features}, 1);
  for (std::int64_t t = 0; t < 10; ++t) {
    const std::span<const float> got = learner.step(row_of(x, t));
    const std::span<const float> expected = stream.step(row_of(x, t));
    for (std::size_t i = 0; i < 2; ++i) EXPECT_NEAR(got[i], expected[i], 1e-6F);
    if (t % 2 == 0) learner.learn(std::vector<float>{0.5F, -0.5F});  // some targets never come
  }
  EXPECT_EQ(learner.steps(), 5);
}

TEST(StreamLearner, GoesOnAfterFitHasTrainedTheModel) {
  Sequential model = made_of({layers::LSTM({.units = 4, .return_sequences = true})});
  model.compile({.optimizer = "adam", .loss = "mse"});
  StreamLearner learner(model);
  const std::vector<float> x{0.1F, 0.2F, 0.3F};
  const std::vector<float> y{0.5F, -0.5F};
  learner.learn(x, y);
  model.fit(noise({4, 5, features}, 1), noise({4, 5, 2}, 2), {.verbose = 0});
  const std::vector<Tensor> before = model.get_weights();
  learner.learn(x, y);
  EXPECT_GT(norm_of(before, model.get_weights()), 0.0);
  EXPECT_LT(norm_of(before, model.get_weights()), 0.1);
}

TEST(StreamLearner, SaysWhatIsWrong) {
  Sequential model = made_of({layers::LSTM({.units = 4, .return_sequences = true})});
  EXPECT_NE(error_of([&] { StreamLearner learner(model); }).find("must be compiled before"),
            std::string::npos);
  model.compile({.optimizer = "adam", .loss = "mse"});
  StreamLearner learner(model);
  const std::vector<float> y{1.0F, 2.0F};
  EXPECT_NE(error_of([&] { learner.learn(y); }).find("a target came without a step"),
            std::string::npos);
  EXPECT_NE(error_of([&] { learner.step(y); }).find("has 3 features, got 2"), std::string::npos);
  const std::vector<float> broken{1.0F, NAN, 1.0F};
  EXPECT_NE(error_of([&] { learner.step(broken); }).find("number 1 of x is nan"),
            std::string::npos);
  learner.step(std::vector<float>{1.0F, 1.0F, 1.0F});
  EXPECT_NE(error_of([&] { learner.learn(broken); }).find("number 1 of y is nan"),
            std::string::npos);
  EXPECT_NE(error_of([&] { learner.learn(std::vector<float>{1.0F, 1.0F, 1.0F}); }), "");
  EXPECT_NO_THROW(learner.learn(y));
  EXPECT_NE(error_of([&] { StreamLearner(model, {.update_every = 0}); }).find("update_every"),
            std::string::npos);
}

std::string refusal(const std::vector<LayerPtr>& layers) {
  Sequential model(layers);
  model.compile({.optimizer = "adam", .loss = "mse"});
  return error_of([&] { StreamLearner learner(model); });
}

TEST(StreamLearner, RefusesLayersThatDoNotLearnSoByName) {
  const LayerPtr input = layers::Input({None, features});
  const std::string sentence = "cannot learn along a stream: ";
  EXPECT_NE(
      refusal({input, layers::Bidirectional({.layer = layers::LSTM({.units = 2}), .name = "both"})})
          .find(sentence + "Bidirectional \"both\" needs the whole sequence"),
      std::string::npos);
  EXPECT_NE(refusal({input, layers::GRU({.units = 2, .reset_after = false, .name = "old"})})
                .find(sentence + "GRU \"old\" has a state that does not learn so"),
            std::string::npos);
  EXPECT_NE(
      refusal(
          {input, layers::Conv1D(
                      {.filters = 2, .kernel_size = {2}, .padding = "causal", .name = "window"})})
          .find(sentence + "Conv1D \"window\""),
      std::string::npos);
  EXPECT_NE(refusal({layers::Input({features}), layers::Dense({.units = 2})})
                .find("needs a model of sequences"),
            std::string::npos);
}

TEST(FitStream, SaysWhatIsWrongWithData) {
  Sequential model = made_of({layers::LSTM({.units = 4, .return_sequences = true})});
  model.compile({.optimizer = "adam", .loss = "mse"});
  const FitStreamOptions quiet{.verbose = 0};
  const auto error = [&](const Tensor& x, const Tensor& y) {
    return error_of([&] { model.fit_stream(x, y, quiet); });
  };
  EXPECT_NE(error(noise({4, 2}, 1), noise({4, 2}, 1)).find("x is (4, 2)"), std::string::npos);
  EXPECT_NE(error(noise({4, features}, 1), noise({3, 2}, 1)).find("x has 4 steps, y is (3, 2)"),
            std::string::npos);
  EXPECT_NE(error(noise({4, features}, 1), Tensor()).find("got no y"), std::string::npos);
  const Dataset two =
      Dataset::from_tensors(noise({4, 5, features}, 1), noise({4, 5, 2}, 2)).batch(2);
  EXPECT_NE(error_of([&] { model.fit_stream(two, quiet); }).find("batch 1 has 2 rows"),
            std::string::npos);
  const FitStreamOptions kept{.verbose = 0,
                              .callbacks = {callbacks::BackupAndRestore({.backup_dir = "unused"})}};
  EXPECT_NE(error_of([&] {
              model.fit_stream(noise({4, features}, 1), noise({4, 2}, 2), kept);
            }).find("BackupAndRestore"),
            std::string::npos);
}

}  // namespace
}  // namespace chronicler
