// chronicler forecast train: a forecaster from a CSV file, measured on its last rows.
#pragma once

#include "cli/command.h"

namespace chronicler::cli::forecast {

Command train_command();

}  // namespace chronicler::cli::forecast
