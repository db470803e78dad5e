#include "cli/generate/train.h"

#include <cmath>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "chronicler/data/plain_text.h"
#include "chronicler/data/text_file.h"
#include "chronicler/tasks/text_generator.h"
#include "cli/common_options.h"
#include "cli/console.h"
#include "cli/cross_validation.h"
#include "cli/field_options.h"
#include "cli/generate/scores.h"
#include "cli/table.h"
#include "cli/training_options.h"

namespace chronicler::cli::generate {
namespace {

using tasks::GeneratorReport;
using tasks::TextGenerator;
using OrderedJson = nlohmann::ordered_json;

struct Options : TrainingOptions {
  std::string file;
  std::string validation_file;
  tasks::TextGeneratorOptions task;
};

void print_choices(const GeneratorReport& report) {
  const tasks::TextGeneratorOptions& options = report.options;
  std::cerr << fmt::format(
      "{} characters to learn from, {} to validate; {} {}\n", with_commas(report.characters),
      with_commas(report.validation_characters), with_commas(report.vocabulary - 1),
      options.level == "char" ? "different characters" : "sub-words");
  std::cerr << fmt::format(
      "{}{} LSTM layer{} of {} units, embedding {}, {} weights; dropout {:.2f}; batches of {} "
      "passages x {} steps; learning rate {:g}; {}\n",
      options.networks == 1 ? "" : fmt::format("{} networks of ", options.networks), options.layers,
      options.layers == 1 ? "" : "s", options.units, options.embedding, with_commas(report.weights),
      options.dropout.value_or(0.0), options.batch_size, options.steps, options.learning_rate,
      training_length(options.max_seconds, options.epochs));
}

std::string verdict(const GeneratorReport& report) {
  const double model = report.validation->nats;
  const bool wins = model < report.ngram_nats;
  return fmt::format("The model {} the {}-gram model ({:.3f} against {:.3f} nats a character).",
                     wins ? "beats" : "does not beat", report.ngram_order, model,
                     report.ngram_nats);
}

void print_report(const GeneratorReport& report) {
  if (report.validation) {
    std::cout << bold(verdict(report), std::cout) << "\n\n";
    const auto row = [](std::string name, double nats) {
      return std::vector<std::string>{std::move(name), fmt::format("{:.3f}", nats),
                                      fmt::format("{:.3f}", nats / std::log(2.0)),
                                      fmt::format("{:.2f}", std::exp(nats))};
    };
    insight::ReportTable table;
    table.header = {"validation, a character", "nats", "bits", "perplexity"};
    table.rows = {row("this model, state carried", report.validation->nats),
                  row("this model, windows of 256, state reset", report.validation->cold_nats),
                  row(fmt::format("{}-gram (Witten-Bell)", report.ngram_order), report.ngram_nats),
                  row("uniform distribution", report.uniform_nats)};
    std::cout << to_text(table) << '\n';
    print_score_note(*report.validation);
  } else {
    std::cout << "No validation text: the model was not evaluated.\n\n";
  }
  const std::string best =
      report.best_epoch > 0.0 ? fmt::format("; best after {:.2f}", report.best_epoch) : "";
  std::cout << fmt::format("{:.1f} s, {:.2f} epochs{}, {} characters a second\n", report.seconds,
                           report.epochs, best,
                           with_commas(static_cast<std::int64_t>(report.characters_per_second)));
}

OrderedJson json_of(const GeneratorReport& report) {
  OrderedJson json;
  if (report.validation) {
    json["validation_nats"] = report.validation->nats;
    json["validation_bits"] = report.validation->bits;
    json["validation_cold_nats"] = report.validation->cold_nats;
    json["validation_perplexity"] = report.validation->perplexity;
    json["validation_characters"] = report.validation->characters;
    json["ngram_nats"] = report.ngram_nats;
    json["ngram_order"] = report.ngram_order;
  } else {
    for (const char* key : {"validation_nats", "ngram_nats"}) json[key] = nullptr;
  }
  json["uniform_nats"] = report.uniform_nats;
  json["seconds"] = report.seconds;
  json["characters_per_second"] = report.characters_per_second;
  json["epochs"] = report.epochs;
  json["best_epoch"] = report.best_epoch;
  json["characters"] = report.characters;
  json["vocabulary"] = report.vocabulary;
  json["weights"] = report.weights;
  add_fields(json, report.options);
  return json;
}

// A sample of the model, and the longest passage of it that is simply copied.
void show_sample(const TextGenerator& writer, std::string_view text, std::uint64_t seed, bool quiet,
                 OrderedJson* json) {
  const std::string sample =
      writer.run({.length = 2000, .sampling = {.temperature = 0.8, .seed = seed}});
  const std::string_view copy = tasks::longest_copy(sample, text);
  if (json != nullptr) {
    (*json)["longest_copy"] = characters_of(copy);
    return;
  }
  if (quiet) return;
  std::cout << fmt::format("\nA sample (temperature 0.8):\n\n{}\n\n", sample.substr(0, 600));
  std::cout << fmt::format(
      "Longest passage of 2,000 characters that is copied from the text: {} ({})\n",
      characters_of(copy), in_one_line(copy));
  if (characters_of(copy) > long_copy)
    std::cout << "That is long: the model has memorized passages.\n";
}

void train(Options& options) {
  tasks::TextGeneratorOptions& task = options.task;
  begin_training(options, task);
  std::string text = data::read_text(options.file);
  data::make_plain(text);
  if (!options.validation_file.empty())
    task.validation_text = data::read_text(options.validation_file);
  if (!options.quiet) task.on_start = print_choices;
  TrainingDisplay display(
      options, [](double nats) { return fmt::format("{:.3f}", nats); }, "characters");
  task.progress = display.progress();
  const auto nats = [](double value) { return fmt::format("{:.3f}", value); };
  const FoldFigures folds = cross_validated<tasks::GeneratorFold>(
      options, display,
      {{"characters",
        "characters",
        {},
        [](const tasks::GeneratorFold& fold) {
          return static_cast<double>(fold.score.characters);
        }},
       {"nats", "nats a character", nats,
        [](const tasks::GeneratorFold& fold) { return fold.score.nats; }},
       {"ngram_nats", "nats of counted n-grams", nats,
        [](const tasks::GeneratorFold& fold) { return fold.ngram_nats; }}},
      [&] { return TextGenerator::cross_validate(text, task, options.folds); });
  const TextGenerator writer = TextGenerator::train(text, task);
  display.line().finish();
  writer.save(options.output);
  if (!writer.report().finished) end_stopped_training(options, writer.report().epochs);
  if (options.json) {
    OrderedJson json = json_of(writer.report());
    show_sample(writer, text, task.seed, options.quiet, &json);
    add_folds(json, folds);
    json["model"] = options.output;
    std::cout << json.dump() << '\n';
    return;
  }
  print_report(writer.report());
  show_sample(writer, text, task.seed, options.quiet, nullptr);
}

Job describe_train(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  tasks::TextGeneratorOptions& task = options->task;
  app.add_option("FILE", options->file, "the text, UTF-8 (\"-\": standard input)")->required();
  add_output(app, *options);
  auto* validation =
      app.add_option("--validation", options->validation_file, "a text that validates instead");
  validation->type_name("FILE");
  add_fields(app, task);
  validation->excludes(app.get_option("--validation-fraction"));
  add_program_options(app, *options, "no progress, no sample");
  return [options] { train(*options); };
}

}  // namespace

Command train_command() {
  return {"train", "learns from a text",
          "  chronicler generate train shakespeare.txt -o shakespeare.keras\n"
          "  chronicler generate train shakespeare.txt -o s.keras --max-seconds 180 --json\n"
          "  chronicler generate train book.txt -o book.keras --level subword --units 512\n",
          describe_train};
}

}  // namespace chronicler::cli::generate
