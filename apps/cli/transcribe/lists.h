// Lists of recordings on the command line: their options, and the notes on rows that are skipped.
#pragma once

#include <span>
#include <string>

#include <CLI/CLI.hpp>

#include "chronicler/data/recordings.h"

namespace chronicler::cli::transcribe {

// --path COL --text COL
void add_columns(CLI::App& app, data::RecordingsOptions& options);

// Names the first few rows, and how many there are; to standard error.
void print_skipped(std::span<const std::string> skipped);

}  // namespace chronicler::cli::transcribe
