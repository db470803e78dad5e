// chronicler generate run: writes, each piece as it is made.
#pragma once

#include "cli/command.h"

namespace chronicler::cli::generate {

Command run_command();

}  // namespace chronicler::cli::generate
