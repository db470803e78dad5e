#include "cli/transcribe/transcribe_command.h"

#include "cli/transcribe/evaluate.h"
#include "cli/transcribe/run.h"
#include "cli/transcribe/train.h"

namespace chronicler::cli {

Command transcribe_command() {
  return {
      "transcribe",
      "a model that transcribes speech, learnt from your recordings",
      "  chronicler transcribe train calls.tsv -o calls.keras\n"
      "  chronicler transcribe run calls.keras call.wav\n"
      "  arecord -q -t raw -f S16_LE -r 16000 | chronicler transcribe run live.keras --stream\n",
      nullptr,
      {transcribe::train_command(), transcribe::run_command(), transcribe::evaluate_command()}};
}

}  // namespace chronicler::cli
