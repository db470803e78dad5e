#include "training/dataset/file_rows.h"

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "chronicler/base/mapped_npy.h"
#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "chronicler/training/fit.h"
#include "support/conformance.h"
#include "support/temporary_folder.h"

namespace chronicler {
namespace {

using test::error_of;
using test::noise;
using test::same_bits;

void write(const std::string& path, const Tensor& tensor) {
  NpyOutput output(path, tensor.shape(), tensor.dtype());
  copy(tensor, output.tensor());
  output.finish();
}

struct Files {
  std::vector<std::string> paths;
  std::vector<Tensor> tensors;
};

Files written(const test::TemporaryFolder& folder, const std::vector<std::int64_t>& lengths,
              std::int64_t features, const std::string& prefix) {
  Files files;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    files.paths.push_back(folder.path(fmt::format("{}{:04}.npy", prefix, i)));
    files.tensors.push_back(noise({lengths[i], features}, 1 + i));
    write(files.paths.back(), files.tensors.back());
  }
  return files;
}

void expect_equal(const TensorList& a, const TensorList& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(same_bits(a[i], b[i]));
}

void expect_equal(const Dataset& a, const Dataset& b) {
  Batches left = a.batches({3, 1});
  Batches right = b.batches({3, 1});
  for (;;) {
    const Batch* one = left.next();
    const Batch* other = right.next();
    ASSERT_EQ(one == nullptr, other == nullptr);
    if (one == nullptr) return;
    expect_equal(one->x, other->x);
    expect_equal(one->y, other->y);
    expect_equal(one->masks, other->masks);
    expect_equal(one->sample_weight, other->sample_weight);
  }
}

TEST(FileRows, GiveTheBatchesOfTheSameSequencesInMemory) {
  const test::TemporaryFolder folder;
  const std::vector<std::int64_t> lengths{4, 9, 10, 3, 9, 30, 4, 1};
  const Files x = written(folder, lengths, 3, "x");
  const Files y = written(folder, lengths, 2, "y");
  const Tensor rows = noise({8, 2}, 9);
  const Tensor weight = noise({8}, 9);
  const Dataset files = Dataset::from_npy_files(x.paths, rows, weight);
  const Dataset memory = Dataset::from_sequences(SequenceList(x.tensors), rows, weight);
  EXPECT_EQ(files.size(), 8);
  const Dataset file_steps = Dataset::from_npy_files(x.paths, y.paths);
  const Dataset steps = Dataset::from_sequences(SequenceList(x.tensors), SequenceList(y.tensors));
  for (const auto& [a, b] : {std::pair(files, memory), std::pair(file_steps, steps)}) {
    expect_equal(a, b);
    expect_equal(a.shuffle(), b.shuffle());
    expect_equal(a.padded_batch(3), b.padded_batch(3));
    expect_equal(a.shuffle().bucket_by_length({.batch_size = 3}),
                 b.shuffle().bucket_by_length({.batch_size = 3}));
    expect_equal(a.bucket_by_length({.batch_size = 4, .max_padding = 0.5}).prefetch(),
                 b.bucket_by_length({.batch_size = 4, .max_padding = 0.5}));
    EXPECT_EQ(a.bucket_by_length({.batch_size = 3}).size(),
              b.bucket_by_length({.batch_size = 3}).size());
  }
}

// Sequences of 10 to 100,000 steps in one set: what is padding costs as much as a real step.
TEST(FileRows, CostTheirRealSteps) {
  const test::TemporaryFolder folder;
  std::vector<std::string> paths;
  std::int64_t real = 0;
  for (int i = 0; i < 300; ++i) {
    const double share = std::fmod(0.6180339887 * i, 1.0);
    const auto length = static_cast<std::int64_t>(std::lround(10.0 * std::pow(10000.0, share)));
    paths.push_back(folder.path(fmt::format("{:03}.npy", i)));
    NpyOutput(paths.back(), {length, 1}).finish();
    real += length;
  }
  const Dataset data = Dataset::from_npy_files(paths).shuffle().bucket_by_length(
      {.batch_size = 16, .max_padding = 0.05});
  std::int64_t steps = 0;
  Batches batches = data.batches({1, 0});
  while (const Batch* batch = batches.next())
    steps += batch->x[0].shape()[0] * batch->x[0].shape()[1];
  EXPECT_GE(steps, real);
  EXPECT_LE(static_cast<double>(steps), 1.05 * static_cast<double>(real));
}

TEST(FileRows, AreLearntPartByPart) {
  const test::TemporaryFolder folder;
  const std::vector<std::int64_t> lengths{5, 30, 31, 12};
  const Files x = written(folder, lengths, 3, "x");
  const Files y = written(folder, lengths, 1, "y");
  set_random_seed(1);
  Sequential model({layers::Input(Shape{None, 3}),
                    layers::GRU({.units = 4, .return_sequences = true}),
                    layers::Dense({.units = 1})});
  model.compile({.optimizer = "adam", .loss = "mse"});
  const History history = model.fit(
      Dataset::from_npy_files(x.paths, y.paths).shuffle().bucket_by_length({.batch_size = 2}),
      {.epochs = 3, .verbose = 0, .bptt = {8}});
  EXPECT_LT(history["loss"][2], history["loss"][0]);
}

TEST(FileRows, RefuseWhatDoesNotFit) {
  const test::TemporaryFolder folder;
  const Files x = written(folder, {4, 5}, 3, "x");
  const Files y = written(folder, {4, 6}, 3, "y");
  const Files wide = written(folder, {4}, 4, "w");
  const auto expect = [](const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text << "\nwithout: " << part;
  };
  expect(error_of([&] { Dataset::from_npy_files({}); }), "x has no files");
  expect(error_of([&] {
           Dataset::from_npy_files({x.paths[0], wide.paths[0]});
         }),
         "holds (4, 4) of float32, but");
  expect(error_of([&] { Dataset::from_npy_files(x.paths, y.paths); }), "has 5 steps, its targets");
  expect(error_of([&] { Dataset::from_npy_files(x.paths, wide.paths); }), "x has 2 files, y has 1");
  expect(error_of([&] {
           Dataset::from_npy_files(x.paths, noise({3, 1}, 1));
         }),
         "x has 2 files, y has shape (3, 1)");
  expect(error_of([&] { Dataset::from_npy_files({folder.path("none.npy")}); }), "none.npy");
  const Dataset data = Dataset::from_npy_files(x.paths);
  write(x.paths[1], noise({9, 3}, 1));
  Batches batches = data.batches();
  batches.next();
  expect(error_of([&] { batches.next(); }), "bytes when its header was read, now it has");
}

}  // namespace
}  // namespace chronicler
