// chronicler transcribe run: writes down what is said in recordings, or in live sound.
#pragma once

#include "cli/command.h"

namespace chronicler::cli::transcribe {

Command run_command();

}  // namespace chronicler::cli::transcribe
