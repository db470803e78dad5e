// chronicler translate: from one language to another, or from any sequence to another.
#pragma once

#include "cli/command.h"

namespace chronicler::cli {

Command translate_command();

}  // namespace chronicler::cli
