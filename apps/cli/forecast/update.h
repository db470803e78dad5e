// chronicler forecast update: newer rows for a model, which may train on with them.
#pragma once

#include "cli/command.h"

namespace chronicler::cli::forecast {

Command update_command();

}  // namespace chronicler::cli::forecast
