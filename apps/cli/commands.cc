#include "cli/commands.h"

#include <array>

#include "cli/bench/bench_command.h"
#include "cli/convert_command.h"
#include "cli/demo/demo_command.h"
#include "cli/evaluate_command.h"
#include "cli/fit_command.h"
#include "cli/fit_stream_command.h"
#include "cli/forecast/forecast_command.h"
#include "cli/generate/generate_command.h"
#include "cli/inspect_command.h"
#include "cli/predict_command.h"
#include "cli/sentiment/sentiment_command.h"
#include "cli/summary_command.h"
#include "cli/transcribe/transcribe_command.h"
#include "cli/translate/translate_command.h"

namespace chronicler::cli {

std::span<const Command> commands() {
  static const std::array all{
      demo_command(),      summary_command(),    inspect_command(),    predict_command(),
      evaluate_command(),  fit_command(),        fit_stream_command(), convert_command(),
      bench_command(),     forecast_command(),   sentiment_command(),  generate_command(),
      translate_command(), transcribe_command(),
  };
  return all;
}

}  // namespace chronicler::cli
