// chronicler fit-stream: a model learns along one sequence, step by step.
#pragma once

#include "cli/command.h"

namespace chronicler::cli {

Command fit_stream_command();

}  // namespace chronicler::cli
