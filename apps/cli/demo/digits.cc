#include "cli/demo/digits.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "chronicler/data/csv.h"
#include "chronicler/layers/layers.h"
#include "chronicler/training/optimizers/adam.h"
#include "cli/interrupt.h"
#include "cli/table.h"

namespace chronicler::cli::demo {
namespace {

constexpr std::int64_t side = 8;
constexpr std::int64_t features = side + 1;
constexpr std::int64_t classes = 10;

Tensor one_hot(const Tensor& labels, const std::filesystem::path& path) {
  Tensor rows({labels.shape()[0], classes});
  for (std::int64_t i = 0; i < labels.shape()[0]; ++i) {
    const std::int32_t label = labels.as<std::int32_t>()[i];
    if (label < 0 || label >= classes) {
      throw Error(
          fmt::format("{}:{}: column \"label\": {} is not a digit", path.string(), i + 2, label));
    }
    rows.as<float>()[i * classes + label] = 1.0F;
  }
  return rows;
}

Sequential simple_rnn(const std::string& name) {
  return Sequential(
      {layers::SimpleRNN({.units = 32, .return_sequences = true, .input_shape = {None, features}}),
       layers::SimpleRNN({.units = 32}),
       layers::Dense({.units = classes, .activation = "softmax"})},
      name);
}

Sequential lstm(const std::string& name) {
  return Sequential(
      {layers::LSTM({.units = 64, .return_sequences = true, .input_shape = {None, features}}),
       layers::LSTM({.units = 64}), layers::Dense({.units = classes, .activation = "softmax"})},
      name);
}

struct Design {
  const char* name;
  Sequential (*make)(const std::string& model_name);
};
constexpr Design designs[] = {{"SimpleRNN", simple_rnn}, {"LSTM", lstm}};

}  // namespace

DigitTask digit() { return {"digit", "digit alone", 0, 30}; }
DigitTask digit_then_noise() {
  return {"digit_then_noise", "digit, then 20 rows of noise", 20, 40};
}

Digits read_digits(const std::filesystem::path& path) {
  const data::Table table = data::read_csv(path);
  std::vector<std::string> columns;
  for (std::int64_t i = 0; i < side * side; ++i) columns.push_back(fmt::format("p{}", i));
  Digits digits{table.numbers(columns), one_hot(table.numbers("label", DType::int32), path)};
  if (table.rows() <= training_images) {
    throw Error(fmt::format("{} has {} images, the demo needs more than {}", path.string(),
                            table.rows(), training_images));
  }
  for (float& pixel : digits.pixels.span<float>()) pixel = pixel / 8.0F - 1.0F;  // from 0 to 16
  return digits;
}

Tensor digit_sequences(const Tensor& pixels, std::int64_t noise_rows, std::uint64_t seed) {
  const std::int64_t count = pixels.shape()[0];
  const std::int64_t steps = side + noise_rows;
  const Random random(seed);
  Tensor sequences({count, steps, features});
  const float* pixel = pixels.as<float>();
  float* row = sequences.as<float>();
  for (std::int64_t i = 0; i < count; ++i) {
    for (std::int64_t t = 0; t < steps; ++t, row += features) {
      const bool shown = t < side;
      for (std::int64_t f = 0; f < side; ++f) {
        const auto place = static_cast<std::uint64_t>((t - side) * side + f);
        row[f] = shown ? *pixel++
                       : static_cast<float>(random.normal(static_cast<std::uint64_t>(i), place));
      }
      row[side] = shown ? 1.0F : 0.0F;
    }
  }
  return sequences;
}

std::vector<TrainedModel> train_on(const DigitTask& task, const Digits& digits, std::uint64_t seed,
                                   const Story& story) {
  const Tensor x = digit_sequences(digits.pixels, task.noise_rows, seed);
  const std::int64_t count = x.shape()[0];
  const ValidationData test{x.rows(training_images, count),
                            digits.labels.rows(training_images, count)};
  std::vector<TrainedModel> trained;
  for (const Design& design : designs) {
    clear_session();  // both count their layers from the start
    set_random_seed(seed);
    const auto model =
        std::make_shared<Sequential>(design.make(task.name + "_" + snake_case(design.name)));
    model->compile({.optimizer = optimizers::Adam({.learning_rate = 2e-3}),
                    .loss = "categorical_crossentropy",
                    .metrics = {"accuracy"}});
    model->summary({.print_fn = [&](const std::string& text) { story.out << text << '\n'; }});
    Fitted fitted =
        fit(story, *model, x.rows(0, training_images), digits.labels.rows(0, training_images),
            {.epochs = task.epochs, .validation_data = test});
    const double accuracy = model->evaluate(test.x, test.y, {.verbose = 0})["accuracy"];
    story.say(fmt::format("{}, {}: test accuracy {:.3f} after {:.1f} s.", design.name, task.title,
                          accuracy, fitted.effort.seconds));
    story.out << '\n';
    trained.push_back({design.name, task, model, std::move(fitted.history), fitted.effort, accuracy,
                       static_cast<double>(training_images) / fitted.effort.epoch_seconds});
  }
  return trained;
}

insight::ReportTable model_table(std::span<const TrainedModel> models) {
  insight::ReportTable table{
      .caption = "450 test images; an epoch trains on 1,347",
      .header = {"model and task", "parameters", "test accuracy", "an epoch", "sequences a second"},
      .rows = {}};
  for (const TrainedModel& trained : models) {
    table.rows.push_back({trained.name + ": " + trained.task.title,
                          with_commas(trained.model->count_params()),
                          fmt::format("{:.3f}", trained.test_accuracy),
                          fmt::format("{:.0f} ms", trained.effort.epoch_seconds * 1e3),
                          with_commas(std::llround(trained.samples_per_second))});
  }
  return table;
}

// Two accuracies differ if they are more than two standard errors of their difference apart.
std::string digit_verdict(std::span<const TrainedModel> models, std::int64_t test_images) {
  const TrainedModel& simple = models.front();
  const TrainedModel& lstm = models.back();
  const double mean = (simple.test_accuracy + lstm.test_accuracy) / 2.0;
  const double margin =
      2.0 * std::sqrt(2.0 * mean * (1.0 - mean) / static_cast<double>(test_images));
  const double lead = lstm.test_accuracy - simple.test_accuracy;
  std::string text =
      fmt::format("Of {} test images, the SimpleRNN recognizes {:.3f} and the LSTM {:.3f}",
                  test_images, simple.test_accuracy, lstm.test_accuracy);
  text += std::abs(lead) <= margin ? fmt::format(
                                         ": the SimpleRNN is no worse (so few images cannot show a "
                                         "difference below {:.3f}).",
                                         margin)
                                   : fmt::format(": the {} leads by {:.3f}.",
                                                 lead > 0.0 ? "LSTM" : "SimpleRNN", std::abs(lead));
  return text + fmt::format(" Of the images that they learnt from, {:.3f} and {:.3f}.",
                            simple.history["accuracy"].back(), lstm.history["accuracy"].back());
}

insight::LineChart accuracy_chart(std::span<const TrainedModel> models) {
  insight::LineChart chart{.title = "Test accuracy: " + models.front().task.title,
                           .x_label = "epoch",
                           .y_label = "accuracy",
                           .series = {}};
  for (const TrainedModel& trained : models)
    chart.series.push_back(by_epoch(trained.name, trained.history, "val_accuracy"));
  return chart;
}

insight::LineChart loss_chart(std::span<const TrainedModel> models) {
  insight::LineChart chart{.title = "Loss: " + models.front().task.title,
                           .x_label = "epoch",
                           .y_label = "cross-entropy",
                           .series = {}};
  for (std::size_t m = 0; m < models.size(); ++m) {
    for (const bool training : {false, true}) {
      insight::Series series = by_epoch(models[m].name + (training ? ", training" : ", test"),
                                        models[m].history, training ? "loss" : "val_loss");
      series.dashed = training;
      series.color = static_cast<int>(m);
      chart.series.push_back(std::move(series));
    }
  }
  return chart;
}

}  // namespace chronicler::cli::demo
