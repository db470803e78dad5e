// chronicler transcribe evaluate: how many words and characters a model gets wrong.
#pragma once

#include "cli/command.h"

namespace chronicler::cli::transcribe {

Command evaluate_command();

}  // namespace chronicler::cli::transcribe
