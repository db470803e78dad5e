// chronicler generate: a model that writes text, from the user's own file.
#pragma once

#include "cli/command.h"

namespace chronicler::cli {

Command generate_command();

}  // namespace chronicler::cli
