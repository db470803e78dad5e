// chronicler fit: a model learns on.
#pragma once

#include "cli/command.h"

namespace chronicler::cli {

Command fit_command();

}  // namespace chronicler::cli
