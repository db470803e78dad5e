// How a transcriber learns.
#pragma once

#include <memory>

#include "chronicler/model/model.h"
#include "chronicler/tasks/transcriber.h"
#include "tasks/shared/task_run.h"
#include "tasks/transcribe/parts.h"
#include "tasks/transcribe/recognition.h"

namespace chronicler::tasks {

struct TrainedSpeech {
  std::shared_ptr<Model> model;
  TaskRunResult run;
};

// Trains options.networks of them one after the other, the first of which speech_network made, each
// to the weights of the epoch that was best on the validation part. Options are complete.
TrainedSpeech train_speech(std::shared_ptr<Sequential> first, const SpeechRecognition& recognition,
                           const SpeechParts& parts, const TranscriberOptions& options);

}  // namespace chronicler::tasks
