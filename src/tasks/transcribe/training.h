// How a transcriber learns.
#pragma once

#include "chronicler/model/model.h"
#include "chronicler/tasks/transcriber.h"
#include "tasks/shared/task_run.h"
#include "tasks/transcribe/parts.h"
#include "tasks/transcribe/recognition.h"

namespace chronicler::tasks {

// Leaves the weights of the epoch that was best on the validation part. Options are complete.
TaskRunResult train_speech(Sequential& model, const SpeechRecognition& recognition,
                           const SpeechParts& parts, const TranscriberOptions& options);

}  // namespace chronicler::tasks
