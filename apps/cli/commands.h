// Every command there is.
#pragma once

#include <span>

#include "cli/command.h"

namespace chronicler::cli {

std::span<const Command> commands();

}  // namespace chronicler::cli
