#include "cli/translate/train.h"

#include <algorithm>
#include <iostream>
#include <memory>

#include <fmt/format.h>

#include "cli/common_options.h"
#include "cli/cross_validation.h"
#include "cli/field_options.h"
#include "cli/table.h"
#include "cli/training_options.h"
#include "cli/translate/scores.h"

namespace chronicler::cli::translate {
namespace {

using tasks::TranslatorReport;
using tasks::TranslatorScore;
using OrderedJson = nlohmann::ordered_json;

struct Options : TrainingOptions {
  std::string file;
  std::string test_file;
  std::string validation_file;
  Columns columns;
  tasks::TranslatorOptions task;
};

void print_choices(const TranslatorReport& report) {
  const tasks::TranslatorOptions& options = report.options;
  std::cerr << fmt::format("{} pairs to learn from, {} to choose the epoch",
                           with_commas(report.pairs), with_commas(report.validation_pairs));
  if (report.too_long > 0)
    std::cerr << fmt::format("; {} longer than {} pieces left out", with_commas(report.too_long),
                             options.longest);
  std::cerr << fmt::format(
      "\n{} to {}, {} pieces; {}{} encoder layer{} of 2 x {} units, embedding {}, {} attention, {} "
      "weights; dropout {:.2f}; batches of {} pieces; learning rate {:g}; {}\n",
      options.source_level, options.target_level, with_commas(report.vocabulary),
      options.networks == 1 ? "" : fmt::format("{} networks of ", options.networks), options.layers,
      options.layers == 1 ? "" : "s", options.units, options.embedding, options.attention,
      with_commas(report.weights), options.dropout.value_or(0.0), with_commas(options.batch_pieces),
      options.learning_rate, training_length(options.max_seconds, options.epochs));
}

OrderedJson json_of(const TranslatorReport& report) {
  OrderedJson json;
  if (report.validation_nats) json["validation_nats"] = *report.validation_nats;
  json["seconds"] = report.seconds;
  json["pieces_per_second"] = report.pieces_per_second;
  json["epochs"] = report.epochs;
  json["best_epoch"] = report.best_epoch;
  json["pairs"] = report.pairs;
  json["vocabulary"] = report.vocabulary;
  json["weights"] = report.weights;
  add_fields(json, report.options);
  return json;
}

void train(Options& options) {
  tasks::TranslatorOptions& task = options.task;
  begin_training(options, task);
  const data::SentencePairs pairs = read_pairs(options.file, options.columns);
  data::SentencePairs test;
  if (!options.test_file.empty()) test = read_pairs(options.test_file, options.columns);
  if (!options.validation_file.empty()) {
    data::SentencePairs validation = read_pairs(options.validation_file, options.columns);
    task.validation_sources = std::move(validation.sources);
    task.validation_targets = std::move(validation.targets);
  }
  if (!options.quiet) {
    std::cerr << fmt::format("texts from column {}, their translations from column {}\n",
                             pairs.source_column, pairs.target_column);
    task.on_start = print_choices;
  }
  TrainingDisplay display(
      options, [](double nats) { return fmt::format("{:.3f}", nats); }, "pieces");
  task.progress = display.progress();
  const auto bleu = [](double value) { return fmt::format("{:.2f}", value); };
  const FoldFigures folds = cross_validated<TranslatorScore>(
      options, display,
      {{"sentences",
        "sentences",
        {},
        [](const TranslatorScore& score) { return static_cast<double>(score.sentences); }},
       {"bleu", "BLEU", bleu, [](const TranslatorScore& score) { return score.bleu; }},
       {"chrf", "chrF2", bleu, [](const TranslatorScore& score) { return score.chrf; }},
       {"baseline_bleu", "BLEU of the best baseline", bleu,
        [](const TranslatorScore& score) {
          return std::max(score.copy_bleu, score.memory_bleu.value_or(0.0));
        }}},
      [&] {
        return tasks::Translator::cross_validate(pairs.sources, pairs.targets, task, options.folds);
      });
  const auto translator = tasks::Translator::train(pairs.sources, pairs.targets, task);
  display.line().finish();
  translator.save(options.output);
  const TranslatorReport& report = translator.report();
  if (!report.finished) end_stopped_training(options, report.epochs);
  const bool is_tested = !test.sources.empty();
  Scores scores;
  if (is_tested) scores = scores_of(translator, test, {}, &pairs);
  if (options.json) {
    OrderedJson json;
    if (is_tested) {
      add_scores(json, scores);
    } else {
      for (const char* key : {"bleu", "chrf"}) json[key] = nullptr;
    }
    json.update(json_of(report));
    cli::add_folds(json, folds);
    json["model"] = options.output;
    std::cout << json.dump() << '\n';
    return;
  }
  if (is_tested) {
    print_scores(scores);
  } else {
    std::cout << "No test pairs: the model was not evaluated (--test FILE).\n";
  }
  std::cout << fmt::format("\n{:.1f} s, {:.2f} epochs, best after {:.2f}", report.seconds,
                           report.epochs, report.best_epoch);
  if (report.validation_nats)
    std::cout << fmt::format("; validation {:.3f} nats a piece", *report.validation_nats);
  std::cout << fmt::format("; {} pieces a second\n",
                           with_commas(static_cast<std::int64_t>(report.pieces_per_second)));
}

Job describe(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  tasks::TranslatorOptions& task = options->task;
  app.add_option("PAIRS", options->file,
                 ".tsv, .csv or .jsonl: a text and its translation in each row")
      ->required();
  add_output(app, *options);
  add_columns(app, options->columns);
  app.add_option("--test", options->test_file, "pairs that test the model")->type_name("FILE");
  auto* validation =
      app.add_option("--validation", options->validation_file,
                     "pairs that choose the epoch (a fiftieth of the others, by their sources)");
  validation->type_name("FILE");
  add_fields(app, task);
  validation->excludes(app.get_option("--validation-fraction"));
  add_program_options(app, *options);
  return [options] { train(*options); };
}

}  // namespace

Command train_command() {
  return {"train", "learns from pairs of texts",
          "  chronicler translate train eng-fra.tsv -o eng-fra.keras --test test.tsv\n"
          "  chronicler translate train pairs.csv --source german --target english -o m.keras\n"
          "  chronicler translate train pairs.tsv -o m.keras --max-seconds 3600 --json\n",
          describe};
}

}  // namespace chronicler::cli::translate
