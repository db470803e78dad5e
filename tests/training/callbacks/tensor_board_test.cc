#include <filesystem>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "chronicler/training/fit.h"
#include "formats/bytes.h"
#include "support/conformance.h"
#include "support/temporary_folder.h"

namespace chronicler {
namespace {

namespace fs = std::filesystem;

std::string only_file_in(const fs::path& folder) {
  std::string bytes;
  for (const auto& entry : fs::directory_iterator(folder)) {
    EXPECT_TRUE(bytes.empty());
    bytes = read_file(entry.path().string());
  }
  return bytes;
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
    ++found;
  return found;
}

TEST(TensorBoard, WritesCurvesOfEpochsAndBatches) {
  const test::TemporaryFolder folder;
  Sequential model({layers::Input({1}), layers::Dense({.units = 1})});
  model.compile({.optimizer = "sgd", .loss = "mse"});
  const Tensor x = test::noise({4, 1}, 1);
  model.fit(
      x, x,
      {.batch_size = 2,
       .epochs = 3,
       .verbose = 0,
       .callbacks = {callbacks::TensorBoard({.log_dir = folder.path("logs"), .update_freq = 1})},
       .validation_data = {x, x}});
  const std::string train = only_file_in(folder.path("logs") + std::string("/train"));
  EXPECT_EQ(count(train, "brain.Event:2"), 1U);
  EXPECT_EQ(count(train, "epoch_loss"), 3U);
  EXPECT_EQ(count(train, "epoch_learning_rate"), 3U);
  EXPECT_EQ(count(train, "batch_loss"), 6U);
  const std::string validation = only_file_in(folder.path("logs") + std::string("/validation"));
  EXPECT_EQ(count(validation, "epoch_loss"), 3U);
  EXPECT_EQ(count(validation, "evaluation_loss_vs_iterations"), 3U);
  EXPECT_EQ(count(validation, "batch"), 0U);
}

TEST(TensorBoard, SaysWhereItCannotWrite) {
  const test::TemporaryFolder folder;
  Sequential model({layers::Input({1}), layers::Dense({.units = 1})});
  model.compile({.optimizer = "sgd", .loss = "mse"});
  const Tensor x = test::noise({4, 1}, 1);
  const std::string error = test::error_of([&] {
    model.fit(x, x,
              {.verbose = 0, .callbacks = {callbacks::TensorBoard({.log_dir = "/dev/null/a"})}});
  });
  EXPECT_NE(error.find("check log_dir"), std::string::npos) << error;
}

}  // namespace
}  // namespace chronicler
