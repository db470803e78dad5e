// The manual of the program, from its own commands and options: docs/cli.md and the man pages.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace chronicler::cli {

// All commands in one Markdown page.
std::string markdown_manual(const CLI::App& program);

// Writes a page in roff for the program and for each command into the folder, which is made:
// chronicler.1, chronicler-forecast-train.1. Throws Error if that cannot be.
void write_man_pages(const CLI::App& program, const std::string& folder);

// Text cut into lines of at most `width` characters, without the indent; a word that is longer
// stands alone.
std::string wrapped(const std::string& text, std::size_t width);

}  // namespace chronicler::cli
