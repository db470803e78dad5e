// chronicler transcribe train: learns from recordings and their texts.
#pragma once

#include "cli/command.h"

namespace chronicler::cli::transcribe {

Command train_command();

}  // namespace chronicler::cli::transcribe
