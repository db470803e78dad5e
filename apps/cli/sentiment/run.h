// chronicler sentiment run: labels texts.
#pragma once

#include "cli/command.h"

namespace chronicler::cli::sentiment {

Command run_command();

}  // namespace chronicler::cli::sentiment
