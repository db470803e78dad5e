// chronicler fit: continues training a model.
#pragma once

#include "cli/command.h"

namespace chronicler::cli {

Command fit_command();

}  // namespace chronicler::cli
