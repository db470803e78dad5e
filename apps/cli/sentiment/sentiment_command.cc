#include "cli/sentiment/sentiment_command.h"

#include "cli/sentiment/evaluate.h"
#include "cli/sentiment/run.h"
#include "cli/sentiment/train.h"

namespace chronicler::cli {

Command sentiment_command() {
  return {"sentiment",
          "a model that labels texts as you do",
          "  chronicler sentiment train reviews.tsv -o reviews.keras\n"
          "  echo \"a delight\" | chronicler sentiment run reviews.keras\n",
          nullptr,
          {sentiment::train_command(), sentiment::run_command(), sentiment::evaluate_command()}};
}

}  // namespace chronicler::cli
