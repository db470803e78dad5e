// chronicler inspect: what is in a model file.
#pragma once

#include "cli/command.h"

namespace chronicler::cli {

Command inspect_command();

}  // namespace chronicler::cli
