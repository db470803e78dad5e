// chronicler sentiment evaluate: how well a model labels other texts.
#pragma once

#include "cli/command.h"

namespace chronicler::cli::sentiment {

Command evaluate_command();

}  // namespace chronicler::cli::sentiment
