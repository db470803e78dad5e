#include "chronicler/training/dataset.h"

#include <atomic>
#include <filesystem>
#include <map>
#include <numeric>
#include <stdexcept>

#include <gtest/gtest.h>

#include "chronicler/formats/npy.h"
#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "chronicler/training/fit.h"
#include "chronicler/training/optimizers/sgd.h"
#include "support/conformance.h"
#include "support/temporary_folder.h"

namespace chronicler {
namespace {

using test::error_of;
using test::noise;

constexpr std::int64_t rows = 23;

// Row i of x is {i, -i}, of y is {i}.
Tensor numbers(std::int64_t count = rows) {
  Tensor x({count, 2});
  for (std::int64_t i = 0; i < count; ++i) {
    x.as<float>()[2 * i] = static_cast<float>(i);
    x.as<float>()[2 * i + 1] = -static_cast<float>(i);
  }
  return x;
}
Tensor targets(std::int64_t count = rows) {
  Tensor y({count, 1});
  std::iota(y.as<float>(), y.as<float>() + count, 0.0F);
  return y;
}
Dataset counted() { return Dataset::from_tensors(numbers(), targets()); }

// The same rows, of which nobody knows how many there are.
Dataset stream(std::int64_t count = rows) {
  return Dataset::from_generator([count](const Epoch&) -> Dataset::Generator {
    return [count, next = std::int64_t{0}, x = numbers(count),
            y = targets(count)]() mutable -> std::optional<Batch> {
      if (next == count) return {};
      ++next;
      return Batch{x.rows(next - 1, next), y.rows(next - 1, next)};
    };
  });
}

// The first number of each row, by batches. Checks that x and y belong together.
std::vector<std::vector<int>> rows_of(const Dataset& data, const Epoch& epoch = {},
                                      std::int64_t skipped = 0) {
  std::vector<std::vector<int>> all;
  Batches batches = data.batches(epoch);
  if (skipped > 0) batches.skip(skipped);
  while (const Batch* batch = batches.next()) {
    std::vector<int>& own = all.emplace_back();
    for (std::int64_t i = 0; i < batch->size(); ++i) {
      own.push_back(static_cast<int>(batch->x[0].as<float>()[2 * i]));
      EXPECT_EQ(batch->y[0].as<float>()[i], batch->x[0].as<float>()[2 * i]);
    }
  }
  return all;
}

std::vector<int> flat(const std::vector<std::vector<int>>& batches) {
  std::vector<int> all;
  for (const std::vector<int>& batch : batches) all.insert(all.end(), batch.begin(), batch.end());
  return all;
}

std::vector<int> sorted(std::vector<int> list) {
  std::sort(list.begin(), list.end());
  return list;
}

std::vector<int> upto(int count) {
  std::vector<int> all(static_cast<std::size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

// Every way to put a data set together, by a name.
std::map<std::string, Dataset> kinds() {
  const auto same = [](Batch&, const BatchPlace&) {};
  const Dataset by_function =
      Dataset::from_function(rows, [x = numbers(), y = targets()](const BatchPlace& place) {
        return Batch{x.rows(place.index, place.index + 1), y.rows(place.index, place.index + 1)};
      });
  return {{"rows", counted()},
          {"batches", counted().batch(4)},
          {"shuffled rows", counted().shuffle()},
          {"shuffled batches", counted().shuffle().batch(4)},
          {"batches shuffled", counted().batch(4).shuffle()},
          {"a shuffled buffer", counted().shuffle(5).batch(4)},
          {"mapped", counted().map(same).shuffle().batch(4)},
          {"mapped batches", counted().shuffle().batch(4).map(same)},
          {"a function", by_function},
          {"a function, shuffled", by_function.shuffle().batch(4)},
          {"a stream", stream().batch(4)},
          {"a stream, shuffled", stream().shuffle(7).batch(4)},
          {"rebatched", stream().batch(4).batch(6).batch(5)},
          {"padded", stream().padded_batch(5)},
          {"bucketed", stream().bucket_by_length({.batch_size = 4}, 10)},
          {"prefetched", counted().shuffle().batch(4).prefetch()},
          {"prefetched amid", stream().prefetch(3).shuffle(4).batch(4).prefetch(1)}};
}

TEST(Dataset, EveryRowComesOnceInEachEpochOfEveryKind) {
  for (const auto& [name, data] : kinds()) {
    SCOPED_TRACE(name);
    for (std::int64_t epoch = 0; epoch < 2; ++epoch) {
      const auto batches = rows_of(data, {3, epoch});
      EXPECT_EQ(sorted(flat(batches)), upto(rows));
      EXPECT_EQ(rows_of(data, {3, epoch}), batches) << "a second pass differs";
      const auto count = static_cast<std::int64_t>(batches.size());
      EXPECT_EQ(data.size().value_or(count), count);
    }
  }
}

TEST(Dataset, SkippingIsTheSameAsGoingThrough) {
  for (const auto& [name, data] : kinds()) {
    SCOPED_TRACE(name);
    const auto all = rows_of(data, {7, 1});
    for (const std::int64_t count : {1, 3, 100}) {
      const auto first = std::min(all.size(), static_cast<std::size_t>(count));
      const std::vector<std::vector<int>> rest(all.begin() + static_cast<std::ptrdiff_t>(first),
                                               all.end());
      EXPECT_EQ(rows_of(data, {7, 1}, count), rest);
    }
  }
}

TEST(Dataset, ShufflesAnewInEachEpochAndForEachSeed) {
  for (const Dataset& data :
       {counted().shuffle(), counted().shuffle(8), stream().shuffle(8),
        counted().batch(2).shuffle(), Dataset::from_function(rows, [](const BatchPlace& place) {
                                        return Batch{numbers().rows(place.index, place.index + 1),
                                                     targets().rows(place.index, place.index + 1)};
                                      }).shuffle()}) {
    const auto first = flat(rows_of(data, {1, 0}));
    EXPECT_NE(first, upto(rows));
    EXPECT_NE(flat(rows_of(data, {1, 1})), first);
    EXPECT_NE(flat(rows_of(data, {2, 0})), first);
  }
}

TEST(Dataset, CutsRowsIntoBatches) {
  EXPECT_EQ(rows_of(counted().take(5).batch(2)),
            (std::vector<std::vector<int>>{{0, 1}, {2, 3}, {4}}));
  EXPECT_EQ(rows_of(stream(5).batch(2, true)), (std::vector<std::vector<int>>{{0, 1}, {2, 3}}));
  EXPECT_EQ(rows_of(counted().batch(10, true)).size(), 2U);
  EXPECT_EQ(counted().batch(10, true).size(), 2);
  EXPECT_EQ(counted().take(5).batch(2).size(), 3);
  EXPECT_EQ(rows_of(stream(6).batch(3).batch(4)),
            (std::vector<std::vector<int>>{{0, 1, 2, 3}, {4, 5}}));
}

TEST(Dataset, MapsWithoutTouchingTheData) {
  const Tensor x = numbers();
  const Tensor before = x.clone();
  const Dataset doubled =
      Dataset::from_tensors(x, targets()).map([](Batch& batch, const BatchPlace& place) {
        EXPECT_EQ(static_cast<std::int64_t>(batch.x[0].as<float>()[0]), place.index);
        for (float& number : batch.x[0].span<float>()) number *= 2.0F;
        for (float& number : batch.y[0].span<float>()) number *= 2.0F;
      });
  const auto twice = flat(rows_of(doubled));
  EXPECT_EQ(twice.back(), 2 * (rows - 1));
  EXPECT_TRUE(test::same_bits(x, before));
}

TEST(Dataset, ReadsFiles) {
  const test::TemporaryFolder folder;
  std::vector<std::string> paths;
  for (const std::int64_t part : {0, 1, 2}) {
    paths.push_back(folder.path(std::to_string(part) + ".npy"));
    save_npy(paths.back(), numbers().rows(part * 4, part * 4 + 4));
  }
  const Dataset data = Dataset::from_files(paths, [](const std::string& path) {
    const Tensor x = load_npy(path);
    Tensor y({x.shape()[0], 1});
    for (std::int64_t i = 0; i < x.shape()[0]; ++i) y.as<float>()[i] = x.as<float>()[2 * i];
    return Batch{x, y};
  });
  EXPECT_EQ(flat(rows_of(data.batch(5))), upto(12));
  EXPECT_EQ(sorted(flat(rows_of(data.shuffle().batch(5)))), upto(12));
}

TEST(Dataset, SaysWhatIsWrong) {
  EXPECT_EQ(error_of([] { Dataset::from_tensors(numbers(3), targets(4)); }),
            "x has 3 samples, but y has 4: their shapes are (3, 2) and (4, 1)");
  EXPECT_EQ(error_of([] { stream().shuffle(); }),
            "shuffle() needs to know how many items a data set has: use shuffle(buffer_size), or "
            "give the size to from_generator");
  EXPECT_EQ(error_of([] { counted().batch(0); }),
            "batch_size of a data set must be at least 1, got 0");
  EXPECT_EQ(error_of([] {
              const SequenceList x({Tensor({2, 3}), Tensor({4, 3})});
              rows_of(Dataset::from_sequences(x, Tensor({2, 1})).batch(2));
            }),
            "rows of x that belong into one batch have shapes (2, 3) and (4, 3): use "
            "padded_batch() or bucket_by_length() if lengths differ");
}

TEST(Dataset, NeedsFunctionsAndSizesThatCanBe) {
  EXPECT_EQ(error_of([] { Dataset::from_function(2, nullptr); }),
            "from_function needs a function, got none: give one that is not empty");
  EXPECT_EQ(error_of([] { Dataset::from_generator(nullptr); }),
            "from_generator needs a function, got none: give one that is not empty");
  EXPECT_EQ(error_of([] { Dataset::from_epochs(nullptr); }),
            "from_epochs needs a function, got none: give one that is not empty");
  EXPECT_EQ(error_of([] { Dataset::from_files({"a"}, nullptr); }),
            "from_files needs a function, got none: give one that is not empty");
  const auto items = [](std::int64_t size, std::function<Batch(std::int64_t)> item) {
    return Dataset::from_epochs([=](const Epoch&) { return Dataset::EpochItems{size, item}; });
  };
  EXPECT_EQ(error_of([&] { rows_of(items(-3, [](std::int64_t) { return Batch{}; })); }),
            "epoch 1 of the data set has -3 batches: give EpochItems a size of at least 0 and an "
            "item");
  EXPECT_EQ(error_of([&] { rows_of(items(3, nullptr)); }),
            "epoch 1 of the data set has no function that makes its batches: give EpochItems a "
            "size of at least 0 and an item");
}

TEST(Prefetch, PassesFailuresOnInTheirPlace) {
  const Dataset failing = counted().batch(4).map([](Batch&, const BatchPlace& place) {
    if (place.index == 2) throw std::runtime_error("the disk is gone");
  });
  Batches batches = failing.prefetch(5).batches();
  EXPECT_NE(batches.next(), nullptr);
  EXPECT_NE(batches.next(), nullptr);
  EXPECT_THROW(batches.next(), std::runtime_error);
}

TEST(Prefetch, ReadsNoFurtherThanAsked) {
  std::atomic<int> made{0};
  const Dataset data = counted().map([&](Batch&, const BatchPlace&) { ++made; });
  {
    Batches batches = data.prefetch(3).batches();
    batches.next();
  }  // whoever stops early is not waited for
  EXPECT_LE(made, 5);
}

// ---- with a model

Sequential learner() {
  set_random_seed(5);
  Sequential model({layers::Dense({.units = 4, .activation = "tanh", .input_shape = Shape{2}}),
                    layers::Dropout({.rate = 0.1}), layers::Dense({.units = 1})},
                   "net");
  model.compile({.optimizer = optimizers::SGD({.learning_rate = 0.001}), .loss = "mse"});
  return model;
}

void expect_equal_weights(const Model& a, const Model& b) {
  const std::vector<Tensor> left = a.get_weights();
  const std::vector<Tensor> right = b.get_weights();
  ASSERT_EQ(left.size(), right.size());
  for (std::size_t i = 0; i < left.size(); ++i)
    EXPECT_TRUE(test::same_bits(left[i], right[i])) << i;
}

TEST(FitDataset, IsFitOfTheSameTensors) {
  Sequential by_tensors = learner();
  const History one = by_tensors.fit(
      numbers(), targets(),
      {.batch_size = 4, .epochs = 3, .verbose = 0, .validation_data = {numbers(6), targets(6)}});
  for (const bool prefetch : {false, true}) {
    Dataset data = counted().shuffle().batch(4);
    if (prefetch) data = data.prefetch();
    Sequential model = learner();
    const Dataset held = Dataset::from_tensors(numbers(6), targets(6)).batch(4);
    const History other = model.fit(data, {.epochs = 3, .verbose = 0, .validation_data = held});
    expect_equal_weights(by_tensors, model);
    EXPECT_EQ(one["loss"], other["loss"]);
    EXPECT_EQ(one["val_loss"], other["val_loss"]);
  }
}

TEST(FitDataset, TakesStreamsOfUnknownSize) {
  Sequential model = learner();
  std::int64_t batches = 0;
  const History history = model.fit(
      stream().batch(4), {.epochs = 2,
                          .verbose = 0,
                          .callbacks = {callbacks::LambdaCallback(
                              {.on_train_batch_end = [&](std::int64_t, Logs&) { ++batches; }})}});
  EXPECT_EQ(batches, 12);
  EXPECT_EQ(history["loss"].size(), 2U);
  batches = 0;
  model.fit(stream().batch(4),
            {.verbose = 0,
             .callbacks = {callbacks::LambdaCallback(
                 {.on_train_batch_end = [&](std::int64_t, Logs&) { ++batches; }})},
             .steps_per_epoch = 3});
  EXPECT_EQ(batches, 3);
}

TEST(FitDataset, WeighsClasses) {
  Tensor labels({rows, 1});
  for (std::int64_t i = 0; i < rows; ++i) labels.as<float>()[i] = static_cast<float>(i % 2);
  const FitOptions options{
      .batch_size = 4, .epochs = 2, .verbose = 0, .class_weight = {{0, 1.0}, {1, 3.0}}};
  Sequential one = learner();
  one.fit(numbers(), labels, options);
  Sequential other = learner();
  other.fit(Dataset::from_tensors(numbers(), labels).shuffle().batch(4), options);
  expect_equal_weights(one, other);
}

TEST(FitDataset, EvaluatesAndPredicts) {
  Sequential model = learner();
  const double loss = model.evaluate(numbers(), targets(), {.batch_size = 4, .verbose = 0}).loss();
  EXPECT_EQ(model.evaluate(counted().batch(4), {.verbose = 0}).loss(), loss);
  EXPECT_EQ(model.evaluate(stream().batch(4).prefetch(), {.verbose = 0}).loss(), loss);
  const Tensor answers = model.predict(numbers());
  EXPECT_TRUE(test::same_bits(model.predict(stream().batch(4), {}).front(), answers));
}

TEST(FitDataset, LearnsFromPaddedSequences) {
  std::vector<Tensor> list;
  for (std::int64_t i = 0; i < 12; ++i)
    list.push_back(noise({2 + i * 7 % 5, 3}, 10 + static_cast<std::uint64_t>(i)));
  const SequenceList x(list);
  const Tensor y = noise({12, 2}, 1);
  const auto trained = [&](const auto& fit) {
    set_random_seed(3);
    Sequential model(
        {layers::Input(Shape{None, 3}), layers::LSTM({.units = 4}), layers::Dense({.units = 2})});
    model.compile({.optimizer = "adam", .loss = "mse"});
    fit(model);
    return model;
  };
  const Sequential by_list =
      trained([&](Sequential& model) { model.fit(x, y, {.batch_size = 4, .verbose = 0}); });
  const Sequential by_data = trained([&](Sequential& model) {
    const Dataset data = Dataset::from_sequences(x, y).shuffle();
    model.fit(data.bucket_by_length({.batch_size = 4}).prefetch(), {.verbose = 0});
  });
  expect_equal_weights(by_list, by_data);
}

// A run that is stopped after any batch goes on with the batches that are left.
TEST(FitDataset, GoesOnAfterAnInterruption) {
  const auto data = [] { return stream().shuffle(6).batch(4).prefetch(); };
  Sequential whole = learner();
  whole.fit(data(), {.epochs = 2, .verbose = 0});
  for (const std::int64_t stop : {0, 4, 7}) {
    SCOPED_TRACE(stop);
    const test::TemporaryFolder folder;
    std::int64_t seen = 0;
    Sequential* stopped = nullptr;
    const auto options = [&] {
      return FitOptions{
          .epochs = 2,
          .verbose = 0,
          .callbacks = {callbacks::BackupAndRestore({.backup_dir = folder.path("run")}),
                        callbacks::LambdaCallback({.on_train_batch_end = [&](std::int64_t, Logs&) {
                          if (seen++ == stop) stopped->stop_training = true;
                        }})}};
    };
    Sequential first = learner();
    stopped = &first;
    first.fit(data(), options());
    Sequential second = learner();
    stopped = &second;
    second.fit(data(), options());
    expect_equal_weights(whole, second);
  }
}

// What is wrong with a batch is said with its number, and the model is as the one before left it.
TEST(FitDataset, RefusesBatchesThatAreWrong) {
  const auto good = [](std::int64_t index) {
    return Batch{numbers().rows(index, index + 2), targets().rows(index, index + 2)};
  };
  const auto failing = [&](const std::function<std::optional<Batch>()>& third,
                           std::optional<std::int64_t> size = {}) {
    return Dataset::from_generator(
        [=](const Epoch&) -> Dataset::Generator {
          return [=, next = std::int64_t{0}]() mutable -> std::optional<Batch> {
            return ++next <= 2 ? good(next) : third();
          };
        },
        size);
  };
  Sequential two = learner();
  two.fit(failing([] { return std::nullopt; }), {.verbose = 0});
  const auto expect = [&](const Dataset& data, const std::string& message) {
    SCOPED_TRACE(message);
    Sequential model = learner();
    EXPECT_EQ(error_of([&] { model.fit(data, {.verbose = 0}); }), message);
    expect_equal_weights(two, model);
  };
  expect(failing([] {
           return Batch{Tensor({2, 3}), Tensor({2, 1})};
         }),
         "batch 3 of epoch 1: input of model \"net\" must have shape (None, 2), got (2, 3): change "
         "the "
         "data or the model's input shape");
  expect(
      failing([] {
        return Batch{Tensor({2, 2}), Tensor({2, 5})};
      }),
      "batch 3 of epoch 1: y has shape (2, 5), but mean_squared_error compares it with predictions "
      "of shape (2, 1): give y the shape of the predictions");
  expect(failing([] {
           return Batch{Tensor({2, 2}), Tensor({3, 1})};
         }),
         "batch 3 of epoch 1: x has 2 samples, but y has 3: their shapes are (2, 2) and (3, 1)");
  expect(
      failing([] {
        Tensor x({2, 2});
        x.as<float>()[3] = std::numeric_limits<float>::quiet_NaN();
        return Batch{x, Tensor({2, 1})};
      }),
      "batch 3 of epoch 1: x holds NaN at row 1, column 1: clean the data, or give missing steps a "
      "value of their own and start with a Masking layer");
  expect(failing([]() -> std::optional<Batch> { throw std::runtime_error("the disk is gone"); }),
         "batch 3 of epoch 1 could not be made: the disk is gone");
  expect(failing([] { return std::nullopt; }, 5),
         "batch 3 of epoch 1: the data set ended after 2 of 5 batches: give from_generator the "
         "number of batches that it has, or none");
  expect(failing([] { return Batch{}; }),
         "batch 3 of epoch 1: x is empty: give a tensor whose "
         "first axis counts the samples");
}

// A data set of the user's own that fails as an epoch begins, or with a batch that predict takes.
TEST(FitDataset, SaysWhereItsFunctionsFailed) {
  const auto failing = [](std::int64_t from, const std::function<void()>& fail) {
    return Dataset::from_generator([=](const Epoch& epoch) -> Dataset::Generator {
      if (epoch.number >= from) fail();
      return [=, next = std::int64_t{0}]() mutable -> std::optional<Batch> {
        if (++next == 3) fail();
        if (next > 2) return std::nullopt;
        return Batch{numbers().rows(next, next + 2), targets().rows(next, next + 2)};
      };
    });
  };
  const auto gone = [] { throw std::runtime_error("the disk is gone"); };
  const auto closed = [] { throw Error("the file is closed", "open it"); };
  Sequential model = learner();
  const auto fit = [&](const Dataset& data, const Dataset& validation) {
    return error_of(
        [&] { model.fit(data, {.epochs = 2, .verbose = 0, .validation_data = {validation}}); });
  };
  EXPECT_EQ(fit(failing(0, gone), counted().batch(4)), "epoch 1 could not begin: the disk is gone");
  EXPECT_EQ(fit(counted().batch(4), failing(0, closed)),
            "validation epoch 1: the file is closed: open it");
  EXPECT_EQ(error_of([&] { model.evaluate(failing(0, gone), {.verbose = 0}); }),
            "epoch 1 could not begin: the disk is gone");
  EXPECT_EQ(error_of([&] { model.predict(failing(0, gone), {}); }),
            "the data set could not begin: the disk is gone");
  EXPECT_EQ(error_of([&] { model.predict(failing(9, gone), {}); }),
            "batch 3 could not be made: the disk is gone");
  EXPECT_EQ(error_of([&] { model.predict(failing(9, closed), {}); }),
            "batch 3: the file is closed: open it");
}

// A loss of 0 over no batch at all would be the best there is.
TEST(FitDataset, NeedsABatch) {
  const std::string message =
      "the data set has no batches: a smaller batch_size, or keep the last rows: drop_remainder = "
      "false";
  const Dataset none = counted().batch(100, true);
  Sequential model = learner();
  EXPECT_EQ(error_of([&] { model.fit(none, {.verbose = 0}); }), message);
  EXPECT_EQ(error_of([&] { model.evaluate(none, {.verbose = 0}); }), message);
  EXPECT_EQ(
      error_of([&] { model.fit(counted().batch(4), {.verbose = 0, .validation_data = {none}}); }),
      message);
}

TEST(FitDataset, SaysWhatCannotBeGivenBesides) {
  Sequential model = learner();
  EXPECT_EQ(
      error_of([&] { model.fit(counted().batch(4), {.verbose = 0, .validation_split = 0.5}); }),
      "validation_split cannot be given beside a data set: give the last part of the data as "
      ".validation_data");
  EXPECT_EQ(error_of([&] {
              model.fit(counted().batch(4), {.verbose = 0, .sample_weight = Tensor({rows})});
            }),
            "sample_weight cannot be given beside a data set: put it into the batches: "
            "Batch::sample_weight");
  EXPECT_EQ(error_of([&] { model.fit(stream(5).batch(2), {.verbose = 0, .steps_per_epoch = 4}); }),
            "batch 4 of epoch 1: the data set ended after 3 of 4 batches: every epoch must have "
            "as many; leave the number out if it is not known");
}

}  // namespace
}  // namespace chronicler
