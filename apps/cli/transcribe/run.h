// chronicler transcribe run: transcribes recordings, or live sound.
#pragma once

#include "cli/command.h"

namespace chronicler::cli::transcribe {

Command run_command();

}  // namespace chronicler::cli::transcribe
