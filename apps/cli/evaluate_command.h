// chronicler evaluate: loss and metrics of a model on data.
#pragma once

#include "cli/command.h"

namespace chronicler::cli {

Command evaluate_command();

}  // namespace chronicler::cli
