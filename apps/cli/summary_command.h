// chronicler summary: a model as Keras draws it.
#pragma once

#include "cli/command.h"

namespace chronicler::cli {

Command summary_command();

}  // namespace chronicler::cli
