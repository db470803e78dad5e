#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "chronicler/formats/model_file.h"
#include "chronicler/layers/layers.h"
#include "support/temporary_folder.h"

namespace chronicler {
namespace {

Sequential model_filled_with(double value) {
  Sequential model({layers::Input(Shape{None, 8}), layers::LSTM({.units = 64, .name = "lstm"})},
                   "model");
  std::vector<Tensor> weights = model.get_weights();
  for (Tensor& weight : weights) weight.fill(value);
  model.set_weights(weights);
  return model;
}

// Every weight must come from one save: all of them hold the same number.
void expect_from_one_save(const std::string& path) {
  const std::unique_ptr<Model> model = load_model(path);
  const float first = *model->get_weights().front().as<float>();
  EXPECT_TRUE(first == 1.0F || first == 2.0F) << first;
  for (const Tensor& weight : model->get_weights()) {
    for (const float value : weight.span<float>()) ASSERT_EQ(value, first);
  }
}

// Saves two models over one another until it is killed.
[[noreturn]] void save_for_ever(const std::string& path) {
  const Sequential one = model_filled_with(1.0);
  const Sequential two = model_filled_with(2.0);
  for (;;) {
    one.save(path);
    two.save(path);
  }
}

TEST(ModelFile, IsWholeWheneverTheSaverIsKilled) {
  constexpr int kills = 100;
  const test::TemporaryFolder folder;
  std::mt19937 random(7);
  std::uniform_int_distribution<int> microseconds(0, 20'000);
  for (const std::string_view extension : model_file_extensions()) {
    SCOPED_TRACE(extension);
    const std::string path = folder.path("model" + std::string(extension));
    model_filled_with(1.0).save(path);
    for (int kill = 0; kill < kills && !HasFailure(); ++kill) {
      const pid_t saver = ::fork();
      ASSERT_GE(saver, 0);
      if (saver == 0) save_for_ever(path);
      std::this_thread::sleep_for(std::chrono::microseconds(microseconds(random)));
      ::kill(saver, SIGKILL);
      ::waitpid(saver, nullptr, 0);
      expect_from_one_save(path);
    }
    model_filled_with(2.0).save(path);  // and what the dead left behind is swept away
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
      EXPECT_EQ(entry.path().extension(), extension) << entry.path();
      ++files;
    }
    EXPECT_EQ(files, 1);
    std::filesystem::remove(path);
  }
}

}  // namespace
}  // namespace chronicler
