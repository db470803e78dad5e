// chronicler sentiment: a model that labels texts, from the user's own file.
#pragma once

#include "cli/command.h"

namespace chronicler::cli {

Command sentiment_command();

}  // namespace chronicler::cli
