// How well a model recognised, for people and for programs.
#pragma once

#include <string_view>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "chronicler/tasks/transcriber.h"

namespace chronicler::cli::transcribe {

nlohmann::ordered_json json_of(const tasks::TranscriberScore& score);
// A table; `title` stands over its names.
void print_score(const tasks::TranscriberScore& score, std::string_view title);

// How recognition chooses among texts.
struct SearchOptions {
  std::string language_file;
  int orders = 0;
  tasks::TranscribeOptions task;
};
// --language-model FILE --language-weight X --label-bonus X --beams N
void add_search(CLI::App& app, SearchOptions& options);
// Counts the language model's text, if there is one.
void take_search(tasks::Transcriber& typist, const SearchOptions& options);

}  // namespace chronicler::cli::transcribe
