// chronicler transcribe: from recordings to text, learnt from a user's own.
#pragma once

#include "cli/command.h"

namespace chronicler::cli {

Command transcribe_command();

}  // namespace chronicler::cli
