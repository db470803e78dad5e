#include "cli/transcribe/lists.h"

#include <algorithm>
#include <iostream>

#include <fmt/format.h>

namespace chronicler::cli::transcribe {

void add_columns(CLI::App& app, data::RecordingsOptions& options) {
  app.add_option("--path", options.path, "the column with the recordings (path, file, audio ...)")
      ->type_name("COL");
  app.add_option("--text", options.text, "the column with their texts (text, transcript, word ...)")
      ->type_name("COL");
}

void print_skipped(std::span<const std::string> skipped) {
  constexpr std::size_t shown = 8;
  for (const std::string& line : skipped.first(std::min(shown, skipped.size())))
    std::cerr << fmt::format("skipped: {}\n", line);
  if (skipped.size() > shown) std::cerr << fmt::format("skipped: {} in all\n", skipped.size());
}

}  // namespace chronicler::cli::transcribe
