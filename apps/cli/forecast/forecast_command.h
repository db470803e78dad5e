// chronicler forecast: series from CSV files, and what comes next.
#pragma once

#include "cli/command.h"

namespace chronicler::cli {

Command forecast_command();

}  // namespace chronicler::cli
