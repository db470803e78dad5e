// chronicler translate evaluate: how well it translates.
#pragma once

#include "cli/command.h"

namespace chronicler::cli::translate {

Command evaluate_command();

}  // namespace chronicler::cli::translate
