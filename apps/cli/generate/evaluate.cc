#include "cli/generate/evaluate.h"

#include <iostream>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "chronicler/base/runtime.h"
#include "chronicler/data/text_file.h"
#include "chronicler/tasks/text_generator.h"
#include "cli/common_options.h"
#include "cli/field_options.h"
#include "cli/generate/scores.h"
#include "cli/table.h"

namespace chronicler::cli::generate {
namespace {

using tasks::TextGenerator;
using tasks::TextScore;
using OrderedJson = nlohmann::ordered_json;

struct Options {
  std::string model;
  std::string file;
  tasks::TextScoreOptions score;
  int threads = 0;
  bool json = false;
};

void evaluate(const Options& options) {
  if (options.threads != 0) set_threads(options.threads);
  const TextGenerator writer = TextGenerator::load(options.model);
  const TextScore score = writer.evaluate(data::read_text(options.file), options.score);
  if (options.json) {
    OrderedJson json{{"nats", score.nats},
                     {"bits", score.bits},
                     {"perplexity", score.perplexity},
                     {"cold_nats", score.cold_nats},
                     {"characters", score.characters},
                     {"pieces", score.pieces},
                     {"unknown", score.unknown}};
    if (score.adapted_nats) json["adapted_nats"] = *score.adapted_nats;
    std::cout << json.dump() << '\n';
    return;
  }
  std::cout << fmt::format(
      "{:.4f} nats, {:.4f} bits a character, perplexity {:.3f}, over {} characters with the state "
      "carried\n{:.4f} nats in windows of 256 pieces, the state reset before each\n",
      score.nats, score.bits, score.perplexity, with_commas(score.characters), score.cold_nats);
  if (score.adapted_nats) {
    std::cout << fmt::format(
        "{:.4f} nats ({:+.4f}) where a copy of the model keeps learning while it reads\n",
        *score.adapted_nats, *score.adapted_nats - score.nats);
  }
  print_score_note(score);
}

Job describe_evaluate(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("MODEL", options->model, "made by generate train")->required();
  app.add_option("FILE", options->file, "a text, UTF-8 (\"-\": standard input)")->required();
  add_fields(app, options->score);
  need_adapt(app);
  add_threads(app, options->threads);
  app.add_flag("--json", options->json, "the figures as JSON")->disable_flag_override();
  return [options] { evaluate(*options); };
}

}  // namespace

Command evaluate_command() {
  return {"evaluate", "cross-entropy and perplexity of a text",
          "  chronicler generate evaluate shakespeare.keras other-play.txt\n"
          "  chronicler generate evaluate shakespeare.keras other-play.txt --adapt\n",
          describe_evaluate};
}

}  // namespace chronicler::cli::generate
