// chronicler demo: what a network remembers, in a minute.
#pragma once

#include "cli/command.h"

namespace chronicler::cli {

Command demo_command();

}  // namespace chronicler::cli
