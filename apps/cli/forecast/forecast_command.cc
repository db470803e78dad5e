#include "cli/forecast/forecast_command.h"

#include "cli/forecast/backtest.h"
#include "cli/forecast/run.h"
#include "cli/forecast/train.h"
#include "cli/forecast/update.h"

namespace chronicler::cli {

Command forecast_command() {
  return {"forecast",
          "weather, energy, sales: what comes next, from a CSV file",
          "  chronicler forecast train energy.csv --target OT --horizon 24 -o energy.keras\n"
          "  chronicler forecast run energy.keras energy.csv --plot next.svg\n"
          "  chronicler forecast backtest energy.keras newer.csv\n"
          "  chronicler forecast update energy.keras newer.csv -o newer.keras\n",
          nullptr,
          {forecast::train_command(), forecast::run_command(), forecast::backtest_command(),
           forecast::update_command()}};
}

}  // namespace chronicler::cli
