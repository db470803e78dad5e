// chronicler bench: how fast networks train, predict and stream on this machine.
#pragma once

#include "cli/command.h"

namespace chronicler::cli {

Command bench_command();

}  // namespace chronicler::cli
