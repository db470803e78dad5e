#include "cli/transcribe/evaluate.h"

#include <iostream>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "chronicler/base/runtime.h"
#include "chronicler/tasks/transcriber.h"
#include "cli/common_options.h"
#include "cli/interrupt.h"
#include "cli/transcribe/lists.h"
#include "cli/transcribe/scores.h"

namespace chronicler::cli::transcribe {
namespace {

struct Options {
  std::string model;
  std::string list;
  data::RecordingsOptions columns;
  SearchOptions search;
  bool errors = false;
  int threads = 0;
  bool json = false;
};

void evaluate(const Options& options) {
  if (options.threads != 0) set_threads(options.threads);
  tasks::Transcriber typist = tasks::Transcriber::load(options.model);
  take_search(typist, options.search);
  const data::Recordings list = data::read_recordings(options.list, options.columns);
  print_skipped(list.skipped);
  const tasks::TranscriberScore score =
      typist.evaluate(list.recordings, options.search.task,
                      [&](const data::Recording& recording, const tasks::Transcript& found) {
                        stop_if_interrupted();
                        if (options.errors && found.text != recording.text)
                          std::cerr << fmt::format("{}\n  expected: {}\n  got: {}\n",
                                                   recording.name, recording.text, found.text);
                      });
  if (!options.json) {
    print_score(score, "test");
    return;
  }
  nlohmann::ordered_json json = json_of(score);
  json["skipped"] = list.skipped.size();
  std::cout << json.dump() << '\n';
}

Job describe(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("MODEL", options->model, "made by transcribe train")->required();
  app.add_option("LIST", options->list, "recordings and their texts: .tsv, .csv or .jsonl")
      ->required();
  add_columns(app, options->columns);
  add_search(app, options->search);
  app.add_flag("--errors", options->errors, "shows wrong transcripts beside the right ones")
      ->disable_flag_override();
  add_threads(app, options->threads);
  app.add_flag("--json", options->json, "the figures as JSON")->disable_flag_override();
  return [options] { evaluate(*options); };
}

}  // namespace

Command evaluate_command() {
  return {
      "evaluate", "word and character error rates of a model",
      "  chronicler transcribe evaluate calls.keras test.tsv\n"
      "  chronicler transcribe evaluate calls.keras test.tsv --language-model texts.txt --json\n",
      describe};
}

}  // namespace chronicler::cli::transcribe
