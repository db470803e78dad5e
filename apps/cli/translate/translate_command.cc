#include "cli/translate/translate_command.h"

#include "cli/translate/evaluate.h"
#include "cli/translate/run.h"
#include "cli/translate/train.h"

namespace chronicler::cli {

Command translate_command() {
  return {"translate",
          "a model that translates as your pairs of sentences do",
          "  chronicler translate train eng-fra.tsv -o eng-fra.keras\n"
          "  echo \"I am here.\" | chronicler translate run eng-fra.keras\n",
          nullptr,
          {translate::train_command(), translate::run_command(), translate::evaluate_command()}};
}

}  // namespace chronicler::cli
