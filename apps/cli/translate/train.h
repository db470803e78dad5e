// chronicler translate train: learns from pairs.
#pragma once

#include "cli/command.h"

namespace chronicler::cli::translate {

Command train_command();

}  // namespace chronicler::cli::translate
