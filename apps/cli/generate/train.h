// chronicler generate train: learns from a text.
#pragma once

#include "cli/command.h"

namespace chronicler::cli::generate {

Command train_command();

}  // namespace chronicler::cli::generate
