#include "cli/generate/run.h"

#include <cstdint>
#include <iostream>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "chronicler/base/runtime.h"
#include "chronicler/data/plain_text.h"
#include "chronicler/data/text_file.h"
#include "chronicler/tasks/text_generator.h"
#include "cli/common_options.h"
#include "cli/console.h"
#include "cli/field_options.h"
#include "cli/generate/scores.h"
#include "cli/interrupt.h"

namespace chronicler::cli::generate {
namespace {

using tasks::TextGenerator;
using OrderedJson = nlohmann::ordered_json;

struct Options {
  std::string model;
  std::string compare;
  tasks::RunOptions task;
  int threads = 0;
  bool json = false;
};

void write(Options& options) {
  if (options.threads != 0) set_threads(options.threads);
  const TextGenerator writer = TextGenerator::load(options.model);
  std::string original = options.compare.empty() ? std::string() : data::read_text(options.compare);
  data::make_plain(original);
  tasks::RunOptions& task = options.task;
  if (!task.prompt.empty()) {
    task.prompt =
        data::plain_text(data::clean_text(task.prompt, "--prompt"), writer.pieces().unplain());
  }
  std::int64_t unknown = 0;
  for (const auto id : writer.pieces().ids(task.prompt)) unknown += id == 0 ? 1 : 0;
  if (unknown > 0) {
    std::cerr << fmt::format(
        "note: {} characters of the prompt do not occur in the training text; skipped\n", unknown);
  }
  if (options.json) {
    const std::string text = writer.run(task);
    OrderedJson json{{"prompt", task.prompt}, {"text", text}, {"characters", characters_of(text)}};
    if (!options.compare.empty()) {
      json["longest_copy"] = characters_of(tasks::longest_copy(text, original));
    }
    std::cout << json.dump() << '\n';
    return;
  }
  std::cout << task.prompt << std::flush;
  const bool at_once = is_terminal(std::cout);
  task.on_text = [&](std::string_view piece) {
    std::cout << piece;
    if (at_once) std::cout.flush();
    return !interrupted() && static_cast<bool>(std::cout);
  };
  const std::string text = writer.run(task);
  std::cout << '\n';
  stop_if_interrupted();
  if (options.compare.empty()) return;
  const std::string_view copy = tasks::longest_copy(text, original);
  std::cerr << fmt::format("longest passage copied from \"{}\": {} characters ({}){}\n",
                           options.compare, characters_of(copy), in_one_line(copy),
                           characters_of(copy) > long_copy ? ": memorized" : "");
}

Job describe_run(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  tasks::RunOptions& task = options->task;
  app.add_option("MODEL", options->model, "made by generate train")->required();
  task.sampling.temperature = 0.8;
  add_fields(app, task);
  add_fields(app, task.sampling);
  app.add_option("--compare", options->compare,
                 "shows the longest passage that is copied from this text")
      ->type_name("FILE");
  add_threads(app, options->threads);
  app.add_flag("--json", options->json, "text and figures as JSON")->disable_flag_override();
  return [options, &app] {
    for (const char* option : {"--top-k", "--top-p", "--seed"})
      refuse_beside(app, option, "--temperature", "0");
    write(*options);
  };
}

}  // namespace

Command run_command() {
  return {"run", "writes, each piece as it is made",
          "  chronicler generate run shakespeare.keras --prompt \"ROMEO:\" --length 300\n"
          "  chronicler generate run shakespeare.keras --temperature 0.5 --top-k 20 --seed 7\n",
          describe_run};
}

}  // namespace chronicler::cli::generate
