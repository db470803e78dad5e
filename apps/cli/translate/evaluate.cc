#include "cli/translate/evaluate.h"

#include <iostream>
#include <memory>

#include "chronicler/base/runtime.h"
#include "cli/common_options.h"
#include "cli/field_options.h"
#include "cli/translate/scores.h"

namespace chronicler::cli::translate {
namespace {

struct Options {
  std::string model;
  std::string file;
  std::string memory_file;
  Columns columns;
  tasks::TranslateOptions task;
  int threads = 0;
  bool json = false;
};

void evaluate(const Options& options) {
  if (options.threads != 0) set_threads(options.threads);
  const auto translator = tasks::Translator::load(options.model);
  const data::SentencePairs test = read_pairs(options.file, options.columns);
  data::SentencePairs known;
  if (!options.memory_file.empty()) known = read_pairs(options.memory_file, options.columns);
  const Scores scores =
      scores_of(translator, test, options.task, known.sources.empty() ? nullptr : &known);
  if (options.json) {
    nlohmann::ordered_json json;
    add_scores(json, scores);
    std::cout << json.dump() << '\n';
    return;
  }
  print_scores(scores);
}

Job describe(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("MODEL", options->model, "made by translate train")->required();
  app.add_option("PAIRS", options->file,
                 ".tsv, .csv or .jsonl; pairs of one source are its several translations")
      ->required();
  add_columns(app, options->columns);
  app.add_option("--memory", options->memory_file,
                 "the pairs that it learnt from: what a translation memory of them scores")
      ->type_name("FILE");
  add_fields(app, options->task);
  add_threads(app, options->threads);
  app.add_flag("--json", options->json, "the figures as JSON")->disable_flag_override();
  return [options, &app] {
    refuse_beside(app, "--length-penalty", "--beam", "1");
    evaluate(*options);
  };
}

}  // namespace

Command evaluate_command() {
  return {"evaluate", "how well the model translates other texts",
          "  chronicler translate evaluate eng-fra.keras test.tsv --memory eng-fra.tsv\n"
          "  chronicler translate evaluate eng-fra.keras test.tsv --beam 1 --json\n",
          describe};
}

}  // namespace chronicler::cli::translate
