// The tutorial's two models on handwritten digits: read at once, and remembered through noise.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "chronicler/insight/chart.h"
#include "chronicler/insight/report.h"
#include "chronicler/model/model.h"
#include "cli/demo/story.h"

namespace chronicler::cli::demo {

// The 1,797 images of examples/data/digits.csv.
struct Digits {
  Tensor pixels;  // (N, 64), from -1 to 1
  Tensor labels;  // (N, 10), one 1 a row
};
Digits read_digits(const std::filesystem::path& path);

// Sequences of 8 rows of 8 pixels and a ninth number that is 1, followed by rows of
// standard normal noise in which it is 0: (N, 8 + noise_rows, 9).
Tensor digit_sequences(const Tensor& pixels, std::int64_t noise_rows, std::uint64_t seed);

struct DigitTask {
  std::string name;   // as --json calls it
  std::string title;  // as people read it
  std::int64_t noise_rows;
  std::int64_t epochs;
};
DigitTask digit();
DigitTask digit_then_noise();

// A network after training, and how well it did.
struct TrainedModel {
  std::string name;  // "SimpleRNN", "LSTM"
  DigitTask task;
  std::shared_ptr<Sequential> model;
  History history;
  Effort effort;
  double test_accuracy = 0.0;
  double samples_per_second = 0.0;
};

// Trains both models on the first 1,347 images. The other 450 are watched while they train, and
// decide nothing: the last epoch's weights count.
std::vector<TrainedModel> train_on(const DigitTask& task, const Digits& digits, std::uint64_t seed,
                                   const Story& story);

// Images that train; the rest, 450, test.
inline constexpr std::int64_t training_images = 1347;

insight::ReportTable model_table(std::span<const TrainedModel> models);
// How the models of one task compare, and whether the test images can distinguish them.
std::string digit_verdict(std::span<const TrainedModel> models, std::int64_t test_images);
// Test accuracy and losses by epoch.
insight::LineChart accuracy_chart(std::span<const TrainedModel> models);
insight::LineChart loss_chart(std::span<const TrainedModel> models);

}  // namespace chronicler::cli::demo
