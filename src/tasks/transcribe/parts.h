// The recordings of a training: which teach, which validate, and which are skipped.
#pragma once

#include <string>
#include <vector>

#include "chronicler/tasks/transcriber.h"
#include "tasks/transcribe/recognition.h"

namespace chronicler::tasks {

struct SpeechPart {
  std::vector<std::vector<float>> sounds;  // as the network hears them
  std::vector<LabelIds> labels;
  std::vector<std::string> texts;
};

struct SpeechParts {
  SpeechPart train;
  SpeechPart validation;
  std::vector<data::Recording> validation_recordings;
  double audio_seconds = 0.0;        // of the training part
  std::vector<std::string> skipped;  // a sentence for each recording that was skipped

  // Of sounds and labels, for checkpoints: "recordings 00.., validation 00..".
  std::string identity() const;
};

// Holds the validation part out, at random, unless there is one. Options are complete. Throws Error
// if no recording is left to learn from.
SpeechParts speech_parts(std::vector<data::Recording> recordings,
                         std::vector<data::Recording> validation,
                         const SpeechRecognition& recognition, const TranscriberOptions& options);

}  // namespace chronicler::tasks
