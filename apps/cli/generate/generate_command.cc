#include "cli/generate/generate_command.h"

#include "cli/generate/evaluate.h"
#include "cli/generate/run.h"
#include "cli/generate/train.h"

namespace chronicler::cli {

Command generate_command() {
  return {"generate",
          "a model that writes like a text of yours",
          "  chronicler generate train shakespeare.txt -o shakespeare.keras\n"
          "  chronicler generate run shakespeare.keras --prompt \"ROMEO:\"\n",
          nullptr,
          {generate::train_command(), generate::run_command(), generate::evaluate_command()}};
}

}  // namespace chronicler::cli
