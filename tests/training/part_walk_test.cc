#include "training/part_walk.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/functional.h"
#include "chronicler/training/callbacks.h"
#include "chronicler/training/fit.h"
#include "chronicler/training/losses.h"
#include "chronicler/training/optimizers.h"
#include "support/conformance.h"
#include "support/temporary_folder.h"

namespace chronicler {
namespace {

using test::error_of;
using test::noise;
using test::same_bits;

enum class Kind { lstm, gru, simple_rnn, convolution };

LayerPtr layer_of(Kind kind, bool stateful) {
  switch (kind) {
    case Kind::lstm:
      return layers::LSTM({.units = 5, .return_sequences = true, .stateful = stateful});
    case Kind::gru:
      return layers::GRU({.units = 5, .return_sequences = true, .stateful = stateful});
    case Kind::simple_rnn:
      return layers::SimpleRNN({.units = 5, .return_sequences = true, .stateful = stateful});
    case Kind::convolution:
      break;
  }
  return layers::Conv1D({.filters = 5, .kernel_size = {3}, .padding = "causal"});
}

CompileOptions compiled(const std::string& reduction = "sum_over_batch_size") {
  return {.optimizer = optimizers::SGD({.learning_rate = 0.05, .momentum = 0.9}),
          .loss = losses::MeanSquaredError({.reduction = reduction}),
          .metrics = {"mae"}};
}

Sequential many_to_many(Kind kind, bool stateful,
                        const std::string& reduction = "sum_over_batch_size") {
  set_random_seed(3);
  Sequential model({layers::Input(Shape{None, 3}), layer_of(kind, stateful),
                    layers::LSTM({.units = 4, .return_sequences = true, .stateful = stateful}),
                    layers::Dense({.units = 2})});
  model.compile(compiled(reduction));
  return model;
}

Sequential many_to_one(bool stateful) {
  set_random_seed(3);
  Sequential model({layers::Input(Shape{None, 3}),
                    layers::GRU({.units = 5, .return_sequences = true, .stateful = stateful}),
                    layers::LSTM({.units = 4, .stateful = stateful}), layers::Dense({.units = 2})});
  model.compile(compiled());
  return model;
}

void expect_equal_weights(const Model& a, const Model& b) {
  const std::vector<Tensor> left = a.get_weights();
  const std::vector<Tensor> right = b.get_weights();
  ASSERT_EQ(left.size(), right.size());
  for (std::size_t i = 0; i < left.size(); ++i) EXPECT_TRUE(same_bits(left[i], right[i])) << i;
}

void expect_near_weights(const Model& a, const Model& b, double tolerance) {
  const std::vector<Tensor> left = a.get_weights();
  const std::vector<Tensor> right = b.get_weights();
  ASSERT_EQ(left.size(), right.size());
  for (std::size_t i = 0; i < left.size(); ++i) {
    for (std::int64_t k = 0; k < left[i].size(); ++k)
      ASSERT_NEAR(left[i].as<float>()[k], right[i].as<float>()[k], tolerance) << i << " " << k;
  }
}

// Steps [begin, end) of (B, T, ...).
Tensor steps(const Tensor& whole, std::int64_t begin, std::int64_t end) {
  const std::int64_t step = whole.shape().without_front().without_front().elements();
  Shape shape = whole.shape();
  shape.set(1, end - begin);
  Tensor cut(shape, whole.dtype());
  for (std::int64_t row = 0; row < whole.shape()[0]; ++row) {
    copy(whole.part((row * whole.shape()[1] + begin) * step, Shape{(end - begin) * step}),
         cut.part(row * (end - begin) * step, Shape{(end - begin) * step}));
  }
  return cut;
}

constexpr std::int64_t all_steps = 23;

struct Data {
  Tensor x = noise({4, all_steps, 3}, 1);
  Tensor y = noise({4, all_steps, 2}, 2);
};

FitOptions with_bptt(const Bptt& bptt, std::int64_t batch_size = 2) {
  return {.batch_size = batch_size, .verbose = 0, .shuffle = false, .bptt = bptt};
}

// ---- parts that follow one another

// What a user of stateful layers writes by hand.
void train_by_hand(Model& model, const Data& data, std::int64_t part, std::int64_t batch_size) {
  for (std::int64_t row = 0; row < data.x.shape()[0]; row += batch_size) {
    model.reset_states();
    const Tensor x = data.x.rows(row, row + batch_size);
    const Tensor y = data.y.rows(row, row + batch_size);
    for (std::int64_t begin = 0; begin < all_steps; begin += part) {
      const std::int64_t end = std::min(all_steps, begin + part);
      model.train_on_batch(steps(x, begin, end), steps(y, begin, end));
    }
  }
}

TEST(Bptt, IsWhatStatefulLayersDoPartByPart) {
  const Data data;
  for (const Kind kind : {Kind::lstm, Kind::gru, Kind::simple_rnn}) {
    for (const std::int64_t part : {1, 5, 8, 23}) {
      for (const std::int64_t batch_size : {1, 2}) {
        Sequential by_hand = many_to_many(kind, true);
        train_by_hand(by_hand, data, part, batch_size);
        Sequential model = many_to_many(kind, false);
        const History history = model.fit(data.x, data.y, with_bptt({part}, batch_size));
        expect_equal_weights(model, by_hand);
        EXPECT_EQ(history.params.steps, 4 / batch_size * ((all_steps + part - 1) / part));
      }
    }
  }
}

TEST(Bptt, WithAllStepsIsNone) {
  const Data data;
  for (const Kind kind : {Kind::lstm, Kind::gru, Kind::simple_rnn, Kind::convolution}) {
    Sequential whole = many_to_many(kind, false);
    const History expected = whole.fit(data.x, data.y, with_bptt({}));
    for (const std::int64_t stride : {0, 1, 23}) {
      Sequential model = many_to_many(kind, false);
      const History history = model.fit(data.x, data.y, with_bptt({all_steps, stride}));
      expect_equal_weights(model, whole);
      EXPECT_EQ(history["loss"], expected["loss"]);
      EXPECT_EQ(history["mae"], expected["mae"]);
    }
  }
}

// With a rate of 0 the weights stay, and the logs must be those of whole sequences.
TEST(Bptt, LogsCountEachStepOnce) {
  const Data data;
  const auto logs = [&](const Bptt& bptt) {
    Sequential model = many_to_many(Kind::lstm, false);
    model.compile({.optimizer = optimizers::SGD({.learning_rate = 0.0}),
                   .loss = "mse",
                   .metrics = {"mae"},
                   .weighted_metrics = {"mse"}});
    FitOptions options = with_bptt(bptt);
    options.sample_weight = noise({4, all_steps}, 5);
    for (float& weight : options.sample_weight[0].span<float>()) weight = std::abs(weight);
    return model.fit(data.x, data.y, options).history;
  };
  const auto expected = logs({});
  for (const Bptt bptt : {Bptt{5}, Bptt{8}, Bptt{5, 2}, Bptt{8, 7}, Bptt{22, 1}}) {
    const auto got = logs(bptt);
    for (const auto& [key, values] : expected)
      EXPECT_NEAR(got.at(key)[0], values[0], 1e-6) << key << " " << bptt.steps;
  }
}

// ---- parts that overlap

// By hand: the states are put where the part begins, and weights leave out what was counted before.
TEST(Bptt, AStrideBelowStepsGoesBackFurtherThanItsLosses) {
  const Data data;
  for (const Kind kind : {Kind::lstm, Kind::gru}) {
    for (const Bptt bptt : {Bptt{8, 3}, Bptt{8, 7}, Bptt{5, 1}}) {
      Sequential by_hand = many_to_many(kind, true, "sum");
      by_hand.compile({.optimizer = optimizers::SGD({.learning_rate = 0.002}),
                       .loss = losses::MeanSquaredError({.reduction = "sum"})});
      const std::vector<Tensor> start = by_hand.get_weights();
      by_hand.reset_states();
      by_hand(noise({2, 1, 3}, 1));
      std::vector<State> states = by_hand.carried_states();
      for (State& state : states) {
        for (Tensor& tensor : state) tensor.fill(0.0);
      }
      const Tensor x = data.x.rows(0, 2);
      const Tensor y = data.y.rows(0, 2);
      std::int64_t counted = 0;
      for (std::int64_t begin = 0; counted < all_steps; begin += bptt.stride) {
        const std::int64_t end = std::min(all_steps, begin + bptt.steps);
        by_hand.carry_states(states);
        by_hand(steps(x, begin, std::min(end, begin + bptt.stride)), true);
        std::vector<State> next = by_hand.carried_states();
        for (State& state : next) state = clone_state(state);
        by_hand.carry_states(states);
        Tensor weights({2, end - begin});
        for (std::int64_t i = 0; i < weights.size(); ++i)
          weights.as<float>()[i] = begin + i % (end - begin) >= counted ? 1.0F : 0.0F;
        by_hand.train_on_batch(steps(x, begin, end), steps(y, begin, end), weights);
        states = std::move(next);
        counted = end;
      }
      Sequential model = many_to_many(kind, false, "sum");
      model.compile({.optimizer = optimizers::SGD({.learning_rate = 0.002}),
                     .loss = losses::MeanSquaredError({.reduction = "sum"})});
      model.fit(x, y, with_bptt(bptt));
      expect_near_weights(model, by_hand, 1e-6);
      EXPECT_FALSE(same_bits(model.get_weights()[0], start[0]));
    }
  }
}

TEST(Bptt, LogitsAndMasksAreCutToo) {
  const Tensor x = noise({2, all_steps, 3}, 1);
  Tensor y({2, all_steps}, DType::int32);
  for (std::int64_t i = 0; i < y.size(); ++i) y.as<std::int32_t>()[i] = static_cast<int>(i % 4);
  Tensor mask({2, all_steps}, DType::boolean);
  for (std::int64_t i = 0; i < mask.size(); ++i) mask.as<std::uint8_t>()[i] = i % 5 != 1 ? 1 : 0;
  const Dataset data = Dataset::from_function(1, [&](const BatchPlace&) {
    return Batch{x, y, {}, mask};
  });
  const auto logs = [&](const Bptt& bptt) {
    set_random_seed(3);
    Sequential model({layers::Input(Shape{None, 3}),
                      layers::LSTM({.units = 5, .return_sequences = true}),
                      layers::Dense({.units = 4, .activation = "softmax"})});
    model.compile({.optimizer = optimizers::SGD({.learning_rate = 0.0}),
                   .loss = "sparse_categorical_crossentropy",
                   .metrics = {"accuracy"}});
    FitOptions options = with_bptt(bptt);
    options.validation_data = data;
    return model.fit(data, options).history;
  };
  const auto expected = logs({});
  for (const Bptt bptt : {Bptt{10}, Bptt{10, 4}}) {
    const auto got = logs(bptt);
    EXPECT_NEAR(got.at("accuracy")[0], expected.at("accuracy")[0], 1e-6);
    EXPECT_NEAR(got.at("val_loss")[0], expected.at("val_loss")[0], 1e-6);
    // The means of parts with masks are means of means.
    EXPECT_NEAR(got.at("loss")[0], expected.at("loss")[0], 0.02);
  }
}

// ---- models of the last step

TEST(Bptt, OnlyTheLastStepsLearnWhereTheTargetIsAtTheEnd) {
  const Tensor x = noise({4, all_steps, 3}, 1);
  const Tensor y = noise({4, 2}, 2);
  for (const std::int64_t part : {4, 10, 22}) {
    Sequential by_hand = many_to_one(true);
    for (std::int64_t row = 0; row < 4; row += 2) {
      by_hand.reset_states();
      const Tensor rows = x.rows(row, row + 2);
      by_hand(steps(rows, 0, all_steps - part));
      by_hand.train_on_batch(steps(rows, all_steps - part, all_steps), y.rows(row, row + 2));
    }
    Sequential model = many_to_one(false);
    const History history = model.fit(x, y, with_bptt({part}));
    expect_equal_weights(model, by_hand);
    EXPECT_EQ(history.params.steps, 2);
  }
}

TEST(Bptt, SeveralOutputsLearnWhereTheyHaveTargets) {
  const auto model_of = [](bool stateful) {
    set_random_seed(3);
    const Symbol input = Input({.shape = Shape{None, 3}});
    const Symbols hidden =
        layers::LSTM({.units = 4, .return_sequences = true, .stateful = stateful})(input);
    const Symbols each = layers::Dense({.units = 2, .name = "each"})(hidden);
    const Symbols last = layers::Dense({.units = 1, .name = "last"})(
        layers::GRU({.units = 3, .stateful = stateful})(hidden));
    Functional model(input, {each[0], last[0]});
    model.compile({.optimizer = optimizers::SGD({.learning_rate = 0.05}), .loss = "mse"});
    return model;
  };
  const Data data;
  const Tensor last = noise({4, 1}, 9);
  Functional model = model_of(false);
  const std::vector<Tensor> start = model.get_weights();
  const History history = model.fit(data.x, {data.y, last}, with_bptt({6}));
  EXPECT_EQ(history.params.steps, 8);
  for (std::size_t i = 0; i < start.size(); ++i)
    EXPECT_FALSE(same_bits(start[i], model.get_weights()[i])) << i;
  Functional frozen = model_of(false);
  const Results whole = frozen.evaluate(data.x, {data.y, last}, {.verbose = 0});
  const Results parts =
      frozen.evaluate(data.x, {data.y, last}, {.verbose = 0, .steps_at_a_time = 6});
  for (std::size_t i = 0; i < whole.values.size(); ++i)
    EXPECT_NEAR(whole.values[i], parts.values[i], 1e-6) << whole.names[i];
}

// ---- other data

TEST(Bptt, TakesSequencesOfDifferentLengths) {
  std::vector<Tensor> xs;
  std::vector<Tensor> ys;
  for (const std::int64_t length : {3, 9, 10, 21, 23}) {
    xs.push_back(noise({length, 3}, static_cast<std::uint64_t>(length)));
    ys.push_back(noise({length, 2}, 100 + static_cast<std::uint64_t>(length)));
  }
  const SequenceList x(xs);
  const SequenceList y(ys);
  const auto trained = [&](const Bptt& bptt, double rate) {
    Sequential model = many_to_many(Kind::gru, false);
    model.compile(
        {.optimizer = optimizers::SGD({.learning_rate = rate}), .loss = "mse", .metrics = {"mae"}});
    FitOptions options = with_bptt(bptt);
    options.epochs = 2;
    options.shuffle = true;
    options.seed = 1;
    return model.fit(x, y, options);
  };
  const History parts = trained({4}, 0.0);
  EXPECT_NEAR(parts["mae"][0], trained({}, 0.0)["mae"][0], 1e-6);
  // Lengths 3, 9 with 10, 21 with 23, in batches padded by a tenth at most: 1, 3 and 6 parts.
  EXPECT_EQ(parts.params.steps, 10);
  const History learnt = trained({4}, 0.05);
  EXPECT_LT(learnt["loss"][1], learnt["loss"][0]);
}

TEST(Bptt, TakesDatasetsWhoseLengthsNobodyKnows) {
  const Dataset data = Dataset::from_function(3, [](const BatchPlace& place) {
    const std::int64_t length = 5 + 7 * place.index;
    return Batch{noise({2, length, 3}, 1), noise({2, length, 2}, 2)};
  });
  std::vector<double> epochs;
  Sequential model = many_to_many(Kind::lstm, false);
  FitOptions options = with_bptt({6});
  options.callbacks = {callbacks::LambdaCallback(
      {.on_train_batch_end = [&](std::int64_t, Logs&) { epochs.push_back(0); }})};
  model.fit(data, options);
  EXPECT_EQ(epochs.size(), 1U + 2U + 4U);
  options.steps_per_epoch = 2;  // batches, as ever
  epochs.clear();
  model.fit(data, options);
  EXPECT_EQ(epochs.size(), 1U + 2U);
}

// ---- states

TEST(Bptt, StatesBeginAnewWithEachBatchAndEndWithTheRun) {
  const Data data;
  Sequential model = many_to_many(Kind::lstm, false);
  const Tensor before = model.predict(data.x);
  Sequential frozen = many_to_many(Kind::lstm, false);
  frozen.compile({.optimizer = optimizers::SGD({.learning_rate = 0.0}), .loss = "mse"});
  FitOptions options = with_bptt({6});
  // Who predicts and judges amid a sequence changes nothing of it.
  options.callbacks = {callbacks::LambdaCallback({.on_train_batch_end = [&](std::int64_t, Logs&) {
    EXPECT_TRUE(same_bits(frozen.predict(data.x), before));
    frozen.evaluate(data.x, data.y, {.verbose = 0, .steps_at_a_time = 5});
  }})};
  options.validation_data = {data.x, data.y};
  frozen.fit(data.x, data.y, options);
  EXPECT_TRUE(same_bits(frozen.predict(data.x), before));
  EXPECT_TRUE(frozen.carried_states().empty());
  Sequential learner = many_to_many(Kind::lstm, false);
  options.callbacks = {callbacks::LambdaCallback({.on_train_batch_end = [&](std::int64_t, Logs&) {
    learner.evaluate(data.x, data.y, {.verbose = 0, .steps_at_a_time = 5});
    learner.predict(data.x, {.steps_at_a_time = 5});
  }})};
  options.validation_data = {};
  // An evaluation counts its own losses: only weights are compared.
  learner.fit(data.x, data.y, options);
  model.fit(data.x, data.y, with_bptt({6}));
  expect_equal_weights(learner, model);
}

TEST(Bptt, AnInterruptedRunGoesOnAmidASequence) {
  const Data data;
  for (const Bptt bptt : {Bptt{6}, Bptt{6, 4}}) {
    const auto options = [&](const std::string& file) {
      FitOptions own = with_bptt(bptt);
      own.epochs = 2;
      own.shuffle = true;
      own.seed = 7;
      own.callbacks = {callbacks::BackupAndRestore({.save_freq = 1, .filepath = file})};
      return own;
    };
    const test::TemporaryFolder folder;
    Sequential straight = many_to_many(Kind::lstm, false);
    const History expected = straight.fit(data.x, data.y, options(folder.path("a")));
    const std::string file = folder.path("b");
    std::optional<History> last;
    int runs = 0;
    do {
      Sequential model = many_to_many(Kind::lstm, false);
      FitOptions own = options(file);
      int batches = 0;
      own.callbacks.push_back(
          callbacks::LambdaCallback({.on_train_batch_end = [&](std::int64_t, Logs&) {
            model.pause_training = ++batches == 3;
          }}));
      // As many callbacks as in the other runs.
      last = model.fit(data.x, data.y, own);
      if (!last->is_paused) expect_equal_weights(model, straight);
    } while (last->is_paused && ++runs < 20);
    EXPECT_GT(runs, 3);
    EXPECT_EQ((*last)["loss"], expected["loss"]);
  }
}

TEST(Bptt, AnotherCutIsNotTheSameRun) {
  const Data data;
  const test::TemporaryFolder folder;
  const auto run = [&](const Bptt& bptt) {
    Sequential model = many_to_many(Kind::lstm, false);
    FitOptions options = with_bptt(bptt);
    options.callbacks = {
        callbacks::BackupAndRestore({.save_freq = 1, .filepath = folder.path("a")}),
        callbacks::LambdaCallback(
            {.on_train_batch_end = [&](std::int64_t, Logs&) { model.pause_training = true; }})};
    model.fit(data.x, data.y, options);
  };
  run({6});
  EXPECT_NE(error_of([&] { run({6, 6}); }), "x");
  // Six steps at a time give 8 updates, and so do 6 of 23 with a stride of 5.
  const std::string error = error_of([&] { run({7, 6}); });
  EXPECT_NE(error.find("is of a run with bptt 6:6, now it is with bptt 7:6"), std::string::npos)
      << error;
}

// ---- wrong input

TEST(Bptt, RefusesWhatItCannotCut) {
  const Data data;
  const auto error = [&](Model& model, const Tensor& y, const Bptt& bptt) {
    return error_of([&] { model.fit(data.x, y, with_bptt(bptt)); });
  };
  const auto expect = [](const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text << "\nwithout: " << part;
  };
  Sequential model = many_to_many(Kind::lstm, false);
  expect(error(model, data.y, {0, 3}), "bptt steps must be at least 1, got 0");
  expect(error(model, data.y, {-2}), "bptt steps must be at least 1, got -2");
  expect(error(model, data.y, {5, 6}),
         "bptt stride must be from 1 to the 5 steps of a part, got 6");
  expect(error(model, data.y, {5, -1}), "got -1");
  expect(error(model, data.y, {24}), "bptt steps must be at most the 23 steps of x, got 24");
  expect(error_of([&] {
           model.fit(SequenceList({noise({3, 3}, 1)}), SequenceList({noise({3, 2}, 1)}),
                     with_bptt({5}));
         }),
         "bptt steps must be at most the 3 steps of the longest sequence, got 5");

  const auto compiled_with = [](std::vector<LayerPtr> list, const LossOption& loss) {
    list.insert(list.begin(), layers::Input(Shape{None, 3}));
    Sequential own(list);
    own.compile({.optimizer = "sgd", .loss = loss});
    return own;
  };
  Sequential both = compiled_with(
      {layers::Bidirectional(
           {.layer = layers::LSTM({.units = 2, .return_sequences = true}), .name = "both"}),
       layers::Dense({.units = 2})},
      "mse");
  expect(error(both, data.y, {5}),
         "bptt cuts sequences into parts, which Bidirectional \"both\" cannot: it needs the whole "
         "sequence");
  Sequential same = compiled_with(
      {layers::Conv1D({.filters = 2, .kernel_size = {3}, .padding = "same", .name = "wide"})},
      "mse");
  expect(error(same, data.y, {5}), "Conv1D \"wide\" cannot");
  Sequential pooled = compiled_with({layers::LSTM({.units = 2, .return_sequences = true}),
                                     layers::GlobalAveragePooling1D({.name = "mean"})},
                                    "mse");
  expect(error(pooled, noise({4, 2}, 1), {5}), "GlobalAveragePooling1D \"mean\" cannot");
  Sequential heard = compiled_with(
      {layers::LSTM({.units = 6, .return_sequences = true, .name = "heard"})}, losses::CTC());
  Tensor labels({4, 3}, DType::int32);
  labels.fill(1.0);
  expect(error(heard, labels, {5}), "y has shape (4, 3), expected a target for each of the 23");
  Tensor long_labels({4, all_steps}, DType::int32);
  long_labels.fill(0.0);
  long_labels.as<std::int32_t>()[0] = 1;
  expect(error(heard, long_labels, {5}), "the loss ctc compares whole sequences");
  Sequential flat({layers::Input(Shape{3}), layers::Dense({.units = 2})});
  flat.compile({.optimizer = "sgd", .loss = "mse"});
  expect(error_of([&] {
           flat.fit(noise({4, 3}, 1), noise({4, 2}, 1), with_bptt({5}));
         }),
         "no input of the model is one");
}

TEST(Bptt, RefusesInitialStatesThatEachPartWouldStartFrom) {
  const Symbol x = Input({.shape = Shape{None, 3}});
  const Symbol start = Input({.shape = Shape{4}});
  const Symbols y =
      layers::GRU({.units = 4, .return_sequences = true, .name = "given"})({x, start});
  Functional model({x, start}, y);
  model.compile({.optimizer = "sgd", .loss = "mse"});
  EXPECT_NE(
      error_of([&] {
        model.fit({noise({2, 9, 3}, 1), noise({2, 4}, 1)}, noise({2, 9, 4}, 1), with_bptt({5}));
      }).find("GRU \"given\" cannot: its initial state is given to it"),
      std::string::npos);
}

TEST(Bptt, StatefulLayersNeedTheSameRows) {
  const Data data;
  Sequential model = many_to_many(Kind::lstm, true);
  const std::string error = error_of([&] { model.fit(data.x, data.y, with_bptt({5}, 3)); });
  EXPECT_NE(error.find("carries the states of a batch of 3, got a batch of 1"), std::string::npos)
      << error;
}

// ---- evaluate

TEST(StepsAtATime, JudgesAsWholeSequences) {
  const Data data;
  Tensor weights = noise({4, all_steps}, 5);
  for (float& weight : weights.span<float>()) weight = std::abs(weight);
  for (const Kind kind : {Kind::lstm, Kind::gru, Kind::simple_rnn, Kind::convolution}) {
    Sequential model = many_to_many(kind, false);
    const Results whole =
        model.evaluate(data.x, data.y, {.batch_size = 3, .verbose = 0, .sample_weight = weights});
    for (const std::int64_t part : {1, 7, 22, 23, 100}) {
      const Results parts = model.evaluate(
          data.x, data.y,
          {.batch_size = 3, .verbose = 0, .sample_weight = weights, .steps_at_a_time = part});
      for (std::size_t i = 0; i < whole.values.size(); ++i)
        EXPECT_NEAR(whole.values[i], parts.values[i], 1e-6) << whole.names[i];
    }
  }
  Sequential last = many_to_one(false);
  const Tensor y = noise({4, 2}, 3);
  const Results whole = last.evaluate(data.x, y, {.verbose = 0});
  const Results parts = last.evaluate(data.x, y, {.verbose = 0, .steps_at_a_time = 5});
  EXPECT_EQ(whole.values, parts.values);
  EXPECT_NE(error_of([&] {
              last.evaluate(data.x, y, {.steps_at_a_time = -1});
            }).find("steps_at_a_time must be at least 0, got -1"),
            std::string::npos);
}

// Masks, weights of layers and activities' penalties: each counts as often as over whole sequences.
TEST(StepsAtATime, CountsPenaltiesAndMasksOnce) {
  set_random_seed(3);
  Sequential model({layers::Input(Shape{None, 3}), layers::Masking({.mask_value = 0.0}),
                    layers::LSTM({.units = 4,
                                  .kernel_regularizer = regularizers::L2(0.1),
                                  .activity_regularizer = regularizers::L2(0.1),
                                  .return_sequences = true}),
                    layers::Dense({.units = 2})});
  model.compile({.optimizer = "sgd", .loss = "mse", .metrics = {"mae"}});
  Data data;
  for (std::int64_t i = 0; i < data.x.size(); ++i) {
    if (i / 3 % 4 == 1) data.x.as<float>()[i] = 0.0F;
  }
  const Results whole = model.evaluate(data.x, data.y, {.verbose = 0});
  const Results parts = model.evaluate(data.x, data.y, {.verbose = 0, .steps_at_a_time = 5});
  for (std::size_t i = 0; i < whole.values.size(); ++i)
    EXPECT_NEAR(whole.values[i], parts.values[i], 1e-6) << whole.names[i];
}

}  // namespace
}  // namespace chronicler
