// chronicler convert: a model in another format.
#pragma once

#include "cli/command.h"

namespace chronicler::cli {

Command convert_command();

}  // namespace chronicler::cli
