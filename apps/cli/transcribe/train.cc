#include "cli/transcribe/train.h"

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "chronicler/tasks/transcriber.h"
#include "cli/common_options.h"
#include "cli/cross_validation.h"
#include "cli/field_options.h"
#include "cli/table.h"
#include "cli/training_options.h"
#include "cli/transcribe/lists.h"
#include "cli/transcribe/scores.h"

namespace chronicler::cli::transcribe {
namespace {

using tasks::Transcriber;
using tasks::TranscriberReport;
using tasks::TranscriberScore;

struct Options : TrainingOptions {
  std::string list;
  std::string validation_list;
  std::string test_list;
  data::RecordingsOptions columns;
  tasks::TranscriberOptions task;
  data::AugmentationOptions augmentation;
  bool no_augmentation = false;
};

void print_choices(const TranscriberReport& report) {
  const tasks::TranscriberOptions& options = report.options;
  std::cerr << fmt::format(
      "{} recordings to learn from ({:.0f} s at {} samples a second), {} to validate; {} different "
      "{}s\n",
      with_commas(report.recordings), report.audio_seconds, with_commas(options.rate),
      with_commas(report.validation_recordings), with_commas(report.labels),
      options.level == "char" ? "character" : "word");
  std::cerr << fmt::format(
      "{}{} {} LSTM layers of {} units, steps of {} ms, {} weights; dropout {:.2f}; batches of {}; "
      "learning rate {:g}; {}\n",
      options.networks == 1 ? "" : fmt::format("{} networks of ", options.networks), options.layers,
      options.streaming ? "one-way" : "bidirectional", options.units, 10 * options.stride,
      with_commas(report.weights), *options.dropout, options.batch_size, options.learning_rate,
      training_length(options.max_seconds, static_cast<double>(options.epochs)));
}

nlohmann::ordered_json json_of_run(const TranscriberReport& report) {
  nlohmann::ordered_json json;
  json["seconds"] = report.seconds;
  json["best_epoch"] = report.best_epoch;
  json["recordings"] = report.recordings;
  json["audio_seconds"] = report.audio_seconds;
  json["validation_recordings"] = report.validation_recordings;
  json["skipped"] = report.skipped.size();
  json["weights"] = report.weights;
  json["labels"] = report.labels;
  add_fields(json, report.options);
  add_fields(json, *report.options.augmentation);
  json["epochs"] = report.epochs;  // done, instead of those that were to be
  return json;
}

void print_report(const TranscriberReport& report, const std::optional<TranscriberScore>& test) {
  if (report.validation) print_score(*report.validation, "validation");
  if (test) {
    std::cout << '\n';
    print_score(*test, "test");
  }
  if (!report.validation && !test)
    std::cout << "No validation or test recordings: the model was not evaluated.\n";
  std::cout << fmt::format("\n{:.1f} s, {:.1f} epochs; the best was {:.3g}\n", report.seconds,
                           report.epochs, report.best_epoch);
}

void train(Options& options) {
  tasks::TranscriberOptions& task = options.task;
  begin_training(options, task);
  data::Recordings list = data::read_recordings(options.list, options.columns);
  std::vector<std::string> skipped = std::move(list.skipped);
  const auto more = [&](const std::string& file) {
    if (file.empty()) return std::vector<data::Recording>();
    data::Recordings read = data::read_recordings(file, options.columns);
    skipped.insert(skipped.end(), read.skipped.begin(), read.skipped.end());
    return std::move(read.recordings);
  };
  task.validation = more(options.validation_list);
  const std::vector<data::Recording> test_recordings = more(options.test_list);
  print_skipped(skipped);
  task.augmentation = options.no_augmentation ? data::no_augmentation() : options.augmentation;
  TrainingDisplay display(
      options, [](double error) { return fmt::format("{:.2f} % wrong", 100.0 * error); });
  task.on_start = [&](const TranscriberReport& report) {
    print_skipped(report.skipped);
    if (!options.quiet) print_choices(report);
  };
  task.progress = display.progress();
  const auto percent = [](double share) { return fmt::format("{:.2f} %", 100.0 * share); };
  const FoldFigures folds = cross_validated<TranscriberScore>(
      options, display,
      {{"recordings",
        "recordings",
        {},
        [](const TranscriberScore& score) { return static_cast<double>(score.recordings); }},
       {"wer", "word error rate", percent,
        [](const TranscriberScore& score) { return score.words.rate(); }},
       {"cer", "character error rate", percent,
        [](const TranscriberScore& score) { return score.characters.rate(); }},
       {"baseline_wer", "word error rate of the best baseline", percent,
        [](const TranscriberScore& score) {
          return std::min(score.usual_word_error,
                          score.linear_word_error.value_or(score.usual_word_error));
        }}},
      [&] { return Transcriber::cross_validate(list.recordings, task, options.folds); });
  const Transcriber typist = Transcriber::train(std::move(list.recordings), task);
  display.line().finish();
  typist.save(options.output);
  if (!typist.report().finished) end_stopped_training(options, typist.report().epochs);
  std::optional<TranscriberScore> test;
  if (!test_recordings.empty()) test = typist.evaluate(test_recordings);
  if (!options.json) {
    print_report(typist.report(), test);
    return;
  }
  nlohmann::ordered_json json;
  if (test) json["test"] = json_of(*test);
  if (typist.report().validation) json["validation"] = json_of(*typist.report().validation);
  json.update(json_of_run(typist.report()));
  json["skipped"] = skipped.size() + typist.report().skipped.size();
  cli::add_folds(json, folds);
  json["model"] = options.output;
  std::cout << json.dump() << '\n';
}

// None of its fields goes with --no-augmentation.
void add_augmentation(CLI::App& app, Options& options) {
  auto* none = app.add_flag("--no-augmentation", options.no_augmentation,
                            "learns from every recording as it is");
  none->disable_flag_override();
  add_fields(app, options.augmentation);
  for_each_field(options.augmentation, [&](const FieldInfo& field, const auto& /*value*/) {
    none->excludes(app.get_option(option_name(field.name)));
  });
}

Job describe(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  tasks::TranscriberOptions& task = options->task;
  app.add_option("LIST", options->list,
                 "recordings and their texts (.tsv, .csv, .jsonl); paths from the list's folder")
      ->required();
  add_output(app, *options);
  add_columns(app, options->columns);
  app.add_option("--test", options->test_list, "a list that tests the model")->type_name("FILE");
  auto* validation = app.add_option("--validation", options->validation_list,
                                    "a list that chooses the epoch (a tenth of the recordings)");
  validation->type_name("FILE");
  add_fields(app, task);
  validation->excludes(app.get_option("--validation-fraction"));
  add_augmentation(app, *options);
  add_program_options(app, *options);
  return [options, &app] {
    for (const char* option : {"--least-snr", "--most-snr"})
      refuse_beside(app, option, "--noise", "0");
    refuse_beside(app, "--time-mask", "--time-masks", "0");
    refuse_beside(app, "--band-mask", "--band-masks", "0");
    train(*options);
  };
}

}  // namespace

Command train_command() {
  return {"train", "learns from recordings and their texts",
          "  chronicler transcribe train calls.tsv -o calls.keras\n"
          "  chronicler transcribe train train.tsv --test test.tsv -o m.keras --max-seconds 600 "
          "--json\n"
          "  chronicler transcribe train digits.tsv --path file --text digit --streaming -o "
          "live.keras\n",
          describe};
}

}  // namespace chronicler::cli::transcribe
