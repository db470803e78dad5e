// Live sound from standard input.
#pragma once

#include "chronicler/tasks/transcriber.h"

namespace chronicler::cli::transcribe {

// Raw 16-bit samples, little endian, one channel, as they come; text, or with `json` a line for
// each word, as it is known, to standard output.
void follow(const tasks::Transcriber& typist, int rate, bool json);

}  // namespace chronicler::cli::transcribe
