// chronicler forecast run: what comes after the last row of a file.
#pragma once

#include "cli/command.h"

namespace chronicler::cli::forecast {

Command run_command();

}  // namespace chronicler::cli::forecast
