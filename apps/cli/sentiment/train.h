// chronicler sentiment train: learns from labelled texts.
#pragma once

#include "cli/command.h"

namespace chronicler::cli::sentiment {

Command train_command();

}  // namespace chronicler::cli::sentiment
