// chronicler translate run: translates line by line.
#pragma once

#include "cli/command.h"

namespace chronicler::cli::translate {

Command run_command();

}  // namespace chronicler::cli::translate
