// How a translation is searched for.
#pragma once

#include <CLI/CLI.hpp>

#include "chronicler/tasks/translator.h"

namespace chronicler::cli::translate {

// --beam and --length-penalty
void add_beam(CLI::App& app, tasks::TranslateOptions& options);

}  // namespace chronicler::cli::translate
