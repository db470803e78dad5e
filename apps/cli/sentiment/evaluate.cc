#include "cli/sentiment/evaluate.h"

#include <iostream>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "chronicler/base/runtime.h"
#include "chronicler/tasks/text_classifier.h"
#include "cli/common_options.h"
#include "cli/sentiment/scores.h"
#include "cli/sentiment/texts.h"
#include "cli/table.h"

namespace chronicler::cli::sentiment {
namespace {

using data::LabelledTexts;
using tasks::ClassifierScore;
using tasks::TextClassifier;
using OrderedJson = nlohmann::ordered_json;

struct EvaluateOptions {
  std::string model;
  std::string file;
  Columns columns;
  int threads = 0;
  bool strict = false;
  bool json = false;
};

void evaluate(const EvaluateOptions& options) {
  if (options.threads != 0) set_threads(options.threads);
  const TextClassifier classifier = TextClassifier::load(options.model);
  LabelledTexts texts = read(options.file, options.columns, {.may_lack_labels = !options.strict});
  if (texts.unlabelled > 0) {
    std::cerr << fmt::format(
        "note: {} rows of \"{}\" have no label and are left out (--strict refuses them)\n",
        with_commas(texts.unlabelled), options.file);
  }
  const UnknownLabels unknown =
      match_labels(texts, options.file, classifier.labels(), options.strict);
  leave_out(texts, options.file, unknown, classifier.labels());
  const ClassifierScore score = classifier.evaluate(texts.texts, texts.labels);
  if (options.json) {
    OrderedJson json;
    add_score(json, score, "test");
    json["left_out"] = texts_of(unknown) + texts.unlabelled;
    json["unknown_labels"] = unknown;
    std::cout << json.dump() << '\n';
    return;
  }
  print_score(score, "test");
}

Job describe_evaluate(CLI::App& app) {
  const auto options = std::make_shared<EvaluateOptions>();
  app.add_option("MODEL", options->model, "made by sentiment train")->required();
  app.add_option("FILE", options->file, ".csv, .tsv or .jsonl with texts and labels")->required();
  add_columns(app, options->columns);
  app.add_flag("--strict", options->strict,
               "refuses labels that were never learnt, and rows without one")
      ->disable_flag_override();
  add_threads(app, options->threads);
  app.add_flag("--json", options->json, "the figures as JSON")->disable_flag_override();
  return [options] { evaluate(*options); };
}

}  // namespace

Command evaluate_command() {
  return {"evaluate", "how well the model labels other texts",
          "  chronicler sentiment evaluate reviews.keras test.tsv\n", describe_evaluate};
}

}  // namespace chronicler::cli::sentiment
