// The network of a recogniser of speech, and how it learns.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "chronicler/model/model.h"
#include "chronicler/tasks/transcriber.h"
#include "tasks/speech_reader.h"

namespace chronicler::tasks {

// Features (B, frames, bands) to scores of the labels (B, steps, classes). The convolution has no
// bias, so that zeros after a recording stay zeros, which Masking then knows for its end.
Sequential speech_network(const TranscriberOptions& options, const SpeechSteps& steps,
                          std::int64_t classes);

using LabelIds = std::vector<std::int32_t>;

// Steps that labels need: one each, and one between two that are the same.
std::int64_t least_steps(const LabelIds& labels);

struct SpeechData {
  std::span<const std::vector<float>> sounds;
  std::span<const LabelIds> labels;
  std::span<const std::vector<float>> validation;  // may be empty
  std::span<const LabelIds> validation_labels;
  std::string identity;  // of the recordings, for checkpoints
};

struct SpeechRun {
  bool finished = true;
  double epochs = 0.0;
  std::int64_t best_epoch = 0;
  double seconds = 0.0;
};

// Leaves the weights of the epoch that was best on the validation part. Options are complete.
SpeechRun train_speech(Sequential& model, const SpeechReader& reader, const SpeechData& data,
                       const TranscriberOptions& options);

}  // namespace chronicler::tasks
