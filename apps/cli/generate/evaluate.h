// chronicler generate evaluate: cross-entropy and perplexity of a text.
#pragma once

#include "cli/command.h"

namespace chronicler::cli::generate {

Command evaluate_command();

}  // namespace chronicler::cli::generate
