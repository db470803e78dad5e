#include "cli/demo/page.h"

#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "chronicler/version.h"

namespace chronicler::cli::demo {
namespace {

std::vector<TrainedModel> all_models(const Results& results) {
  std::vector<TrainedModel> models = results.digit;
  models.insert(models.end(), results.digit_then_noise.begin(), results.digit_then_noise.end());
  return models;
}

insight::LineChart sunspot_loss(const SunspotForecasts& sunspots) {
  insight::Series training = by_epoch("training", sunspots.history, "loss");
  insight::Series validation = by_epoch("validation", sunspots.history, "val_loss");
  training.dashed = true;
  training.color = validation.color = lstm_color;
  return {.title = "Loss: sunspots",
          .x_label = "epoch",
          .y_label = "mean squared error, scaled",
          .series = {validation, training}};
}

// ---- the chapters of the page

void add_digit(const Results& results, insight::Report& page) {
  page.heading("Reading a digit, row by row");
  page.paragraph(
      "1,797 handwritten digits of 8 x 8 pixels are read as sequences: eight steps of eight "
      "pixels, "
      "and a ninth number that says that the digit is being shown. The first 1,347 train, the last "
      "450 test; the curves of the test images are watched while the networks train and decide "
      "nothing. Two layers of 32 SimpleRNN units against two of 64 LSTM units, as the tutorial has "
      "them; Adam at 0.002, 30 epochs, then 40 with the noise.");
  page.paragraph(digit_verdict(results.digit, results.test_images));
  page.charts(std::array{accuracy_chart(results.digit), loss_chart(results.digit)});
}

void add_noise(const Results& results, insight::Report& page) {
  page.heading("Remembering it through noise");
  page.paragraph(
      "After the eight rows come twenty of standard normal noise, and only then is the answer "
      "asked. "
      "What was read must be kept for twenty steps, and the learning signal must find its way back "
      "over them.");
  page.paragraph(digit_verdict(results.digit_then_noise, results.test_images));
  page.charts(
      std::array{accuracy_chart(results.digit_then_noise), loss_chart(results.digit_then_noise)});
}

void add_gradient(const Results& results, insight::Report& page) {
  page.heading("Why: the gradient on its way back");
  page.paragraph(
      "A network learns from an early step only what of the gradient reaches it. Here it is, "
      "measured: |dLoss/dh| at each step back from the answer, on the test digits followed by "
      "noise "
      "up to 100 steps, as a share of its value at the last step.");
  page.paragraph(memory_verdict(results.memory));
  insight::LineChart before = memory_chart(results.memory, Layers::all);
  before.title = "After learning from the digit alone";
  insight::LineChart after = memory_chart(results.noise_memory, Layers::all);
  after.title = "After learning through noise";
  after.marks.push_back({92.0, "the digit"});
  page.charts(std::array{before, after});
}

void add_sunspots(const Results& results, insight::Report& page) {
  page.heading("Sunspots, twelve months ahead");
  page.paragraph(fmt::format(
      "2,820 months of sunspots: 70 % train, the next 10 % say when to stop, the last 20 % test. "
      "The "
      "LSTM of 32 units sees {} months and predicts the twelve that follow, as differences from "
      "the "
      "last. So does a linear autoregression on the same months; \"seasonal naive\" repeats what "
      "was "
      "{} months earlier, the period found in the training part. All are measured on the same "
      "windows.",
      months_seen, results.sunspots.period));
  page.paragraph(sunspot_verdict(results.sunspots));
  page.table(sunspot_table(results.sunspots));
  page.chart(sunspot_chart(results.sunspots));
  page.charts(std::array{sunspot_loss(results.sunspots), sunspot_error_chart(results.sunspots)});
}

}  // namespace

insight::Report make_page(const Results& results, const std::string& command) {
  const auto percent = [](const TrainedModel& model) {
    return fmt::format("{:.0f} %", 100.0 * model.test_accuracy);
  };
  insight::Report page("What a network remembers");
  page.verdict(fmt::format(
      "Asked at once, a SimpleRNN recognizes {} of the test digits and an LSTM {}. Asked after 20 "
      "rows "
      "of noise, {} and {}. Same networks, same images: only the memory is tested.",
      percent(results.digit.front()), percent(results.digit.back()),
      percent(results.digit_then_noise.front()), percent(results.digit_then_noise.back())));
  insight::LineChart why = memory_chart(results.memory, Layers::lowest);
  page.charts(std::array{accuracy_chart(results.digit_then_noise), why});
  page.table(model_table(all_models(results)));

  add_digit(results, page);
  add_noise(results, page);
  add_gradient(results, page);
  add_sunspots(results, page);

  page.heading("Again");
  page.paragraph(
      "The same seed gives the same bits, for any number of threads on one kind of processor.");
  page.preformatted(fmt::format("{}\nChronicler {}", command, CHRONICLER_VERSION));
  return page;
}

std::string to_json(const Results& results, const std::vector<std::string>& files) {
  nlohmann::ordered_json models = nlohmann::ordered_json::array();
  for (const TrainedModel& trained : all_models(results)) {
    models.push_back({{"name", trained.name},
                      {"task", trained.task.name},
                      {"test_accuracy", trained.test_accuracy},
                      {"seconds", trained.effort.seconds}});
  }
  const SunspotForecasts& sunspots = results.sunspots;
  const nlohmann::ordered_json json{{"models", models},
                                    {"forecast",
                                     {{"lstm", sunspots.lstm.rmse},
                                      {"repeat_last", sunspots.repeat_last.rmse},
                                      {"seasonal_naive", sunspots.seasonal_naive.rmse},
                                      {"linear_ar", sunspots.linear_ar.rmse}}},
                                    {"files", files}};
  return json.dump(2) + "\n";
}

}  // namespace chronicler::cli::demo
