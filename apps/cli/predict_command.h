// chronicler predict: what a model answers.
#pragma once

#include "cli/command.h"

namespace chronicler::cli {

Command predict_command();

}  // namespace chronicler::cli
