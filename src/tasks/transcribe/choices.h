// What a transcriber's options are where they were left open, and whether they make sense.
#pragma once

#include <cstddef>
#include <span>

#include "chronicler/tasks/transcriber.h"
#include "tasks/transcribe/labels.h"

namespace chronicler::tasks {

// Throws Error for options out of their range or that contradict each other.
void check(const TranscriberOptions& options);
// Fills in what is 0 or empty; `is_single`: every text is one label.
void choose(TranscriberOptions& options, std::span<const data::Recording> recordings,
            const SpeechLabels& labels, bool is_single);

}  // namespace chronicler::tasks
