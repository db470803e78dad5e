#include "cli/sentiment/train.h"

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "chronicler/base/random.h"
#include "chronicler/tasks/text_classifier.h"
#include "cli/common_options.h"
#include "cli/cross_validation.h"
#include "cli/field_options.h"
#include "cli/sentiment/scores.h"
#include "cli/sentiment/texts.h"
#include "cli/table.h"
#include "cli/training_options.h"

namespace chronicler::cli::sentiment {
namespace {

using data::LabelledTexts;
using tasks::ClassifierReport;
using tasks::ClassifierScore;
using tasks::TextClassifier;
using OrderedJson = nlohmann::ordered_json;

// What training looks at has no other labels than what it learns from.
void check_labels(LabelledTexts& texts, const std::string& path,
                  const std::vector<std::string>& known) {
  match_labels(texts, path, known, true);
}

struct TrainOptions : TrainingOptions {
  std::string file;
  std::string test_file;
  std::string validation_file;
  double test_fraction = 0.1;
  Columns columns;
  tasks::TextClassifierOptions task;
};

void print_choices(const ClassifierReport& report) {
  const tasks::TextClassifierOptions& options = report.options;
  std::string labels;
  constexpr std::size_t most_shown = 6;
  for (std::size_t i = 0; i < std::min(report.labels.size(), most_shown); ++i) {
    labels += fmt::format("{}{} {}", i == 0 ? "" : ", ", shortened(report.labels[i]),
                          with_commas(report.label_counts[i]));
  }
  if (report.labels.size() > most_shown) labels += ", ...";
  std::cerr << fmt::format("{} texts to learn from, {} to choose the epoch; {} labels: {}\n",
                           with_commas(report.texts), with_commas(report.validation_texts),
                           report.labels.size(), labels);
  std::cerr << fmt::format(
      "reads {}s, {} of them known; {} network{}, embedding {}, LSTM {} units in each direction, "
      "{} weights; n-grams up to {}{}; {}, batches of {}\n",
      options.level == "char" ? "character" : options.level, with_commas(report.vocabulary - 2),
      options.networks, options.networks == 1 ? "" : "s", options.embedding, options.units,
      with_commas(report.weights), options.ngrams,
      *options.spelling > 0 ? fmt::format(", {} characters of words", *options.spelling) : "",
      training_length(options.max_seconds, static_cast<double>(options.epochs)),
      options.batch_size);
  if (report.bag_texts < report.texts) {
    std::cerr << fmt::format("n-grams are learnt from {} of the texts, drawn at random\n",
                             with_commas(report.bag_texts));
  }
  if (!options.vectors.empty()) {
    std::cerr << fmt::format("{} of the words have vectors in \"{}\"\n",
                             with_commas(report.vectors_found), options.vectors);
  }
}

// Takes a share of the texts, at random, out of the first and into the second.
LabelledTexts take_share(LabelledTexts& texts, double share, std::uint64_t seed) {
  const Random random(seed);
  LabelledTexts rest;
  LabelledTexts taken;
  for (std::size_t i = 0; i < texts.texts.size(); ++i) {
    constexpr std::uint64_t stream = 1ULL << 41U;
    const bool takes = random.uniform(stream, i) < static_cast<float>(share);
    LabelledTexts& to = takes ? taken : rest;
    to.texts.push_back(std::move(texts.texts[i]));
    to.labels.push_back(std::move(texts.labels[i]));
  }
  texts.texts = std::move(rest.texts);
  texts.labels = std::move(rest.labels);
  return taken;
}

void train(TrainOptions& options) {
  tasks::TextClassifierOptions& task = options.task;
  begin_training(options, task);
  LabelledTexts texts = read(options.file, options.columns);
  LabelledTexts test;
  if (!options.test_file.empty()) {
    test = read(options.test_file, options.columns);
    check_labels(test, options.test_file, different(texts.labels));
  }
  if (!options.validation_file.empty()) {
    LabelledTexts validation = read(options.validation_file, options.columns);
    check_labels(validation, options.validation_file, different(texts.labels));
    task.validation_texts = std::move(validation.texts);
    task.validation_labels = std::move(validation.labels);
  }
  if (!options.quiet) {
    std::cerr << fmt::format("texts from column \"{}\", labels from \"{}\"\n", texts.text_column,
                             texts.label_column);
    task.on_start = print_choices;
  }
  note_similar_labels(different(texts.labels));
  TrainingDisplay display(options, percent);
  task.progress = display.progress();
  const FoldFigures folds = cross_validated<ClassifierScore>(
      options, display,
      {{"texts",
        "texts",
        {},
        [](const ClassifierScore& score) { return static_cast<double>(score.texts); }},
       {"accuracy", "accuracy", percent,
        [](const ClassifierScore& score) { return score.accuracy; }},
       {"macro_f1", "macro F1", percent,
        [](const ClassifierScore& score) { return score.macro_f1; }},
       {"baseline_accuracy", "accuracy of the best baseline", percent, best_baseline_accuracy}},
      [&] {
        return TextClassifier::cross_validate(texts.texts, texts.labels, task, options.folds);
      });
  if (options.test_file.empty() && options.test_fraction > 0.0)
    test = take_share(texts, options.test_fraction, task.seed);
  const TextClassifier classifier = TextClassifier::train(texts.texts, texts.labels, task);
  display.line().finish();
  classifier.save(options.output);
  const ClassifierReport& report = classifier.report();
  if (!report.finished) end_stopped_training(options, report.epochs);
  const bool is_tested = !test.texts.empty();
  ClassifierScore score;
  if (is_tested) score = classifier.evaluate(test.texts, test.labels);
  if (options.json) {
    OrderedJson json;
    if (is_tested) {
      add_score(json, score, "test");
    } else {
      for (const char* key : {"test_accuracy", "naive_bayes_accuracy"}) json[key] = nullptr;
    }
    if (report.validation) json["validation_accuracy"] = report.validation->accuracy;
    json["seconds"] = report.seconds;
    json["best_epoch"] = report.best_epoch;
    json["texts"] = report.texts;
    json["vocabulary"] = report.vocabulary;
    json["weights"] = report.weights;
    add_fields(json, report.options);
    json["epochs"] = report.epochs;  // done, instead of those that were to be
    cli::add_folds(json, folds);
    json["model"] = options.output;
    std::cout << json.dump() << '\n';
    return;
  }
  if (is_tested) {
    print_score(score, "test");
  } else if (report.validation) {
    print_score(*report.validation, "validation (it chose the epoch)");
  } else {
    std::cout << "No test texts: the model was not evaluated.\n";
  }
  std::cout << fmt::format("\n{:.1f} s, best after epoch {:.3g} of {:.3g}\n", report.seconds,
                           report.best_epoch, report.epochs);
}

Job describe_train(CLI::App& app) {
  const auto options = std::make_shared<TrainOptions>();
  tasks::TextClassifierOptions& task = options->task;
  app.add_option("FILE", options->file, ".csv, .tsv or .jsonl with texts and labels")->required();
  add_output(app, *options);
  add_columns(app, options->columns);
  auto* test = app.add_option("--test", options->test_file, "texts that test the model");
  test->type_name("FILE");
  app.add_option("--test-fraction", options->test_fraction,
                 "share of the texts, at random, that tests it instead (0.1)")
      ->type_name("F")
      ->check(number_from(0.0, 0.9))
      ->excludes(test);
  auto* validation =
      app.add_option("--validation", options->validation_file,
                     "texts that choose the epoch (a tenth of the others, at most 20,000)");
  validation->type_name("FILE");
  add_fields(app, task);
  validation->excludes(app.get_option("--validation-fraction"));
  app.get_option("--vectors")->excludes(app.get_option("--embedding"));  // they have a size
  add_program_options(app, *options);
  return [options, &app] {
    refuse_beside(app, "--min-count", "--level", "subword");
    train(*options);
  };
}

}  // namespace

Command train_command() {
  return {
      "train", "learns from labelled texts",
      "  chronicler sentiment train reviews.tsv -o reviews.keras\n"
      "  chronicler sentiment train reviews.csv --text review --label stars -o r.keras --json\n"
      "  chronicler sentiment train train.jsonl --test test.jsonl --vectors glove.6B.100d.txt -o "
      "r.keras\n",
      describe_train};
}

}  // namespace chronicler::cli::sentiment
