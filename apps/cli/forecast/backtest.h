// chronicler forecast backtest: what a model would have forecast of known rows.
#pragma once

#include "cli/command.h"

namespace chronicler::cli::forecast {

Command backtest_command();

}  // namespace chronicler::cli::forecast
