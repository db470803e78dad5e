// The network of a recogniser of speech, and how it learns.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "chronicler/base/random.h"
#include "chronicler/model/model.h"
#include "chronicler/tasks/transcriber.h"
#include "tasks/shared/task_run.h"
#include "tasks/transcribe/reader.h"

namespace chronicler::tasks {

// Features (B, frames, bands) to scores of the labels (B, steps, classes). The convolution has no
// bias, so that zeros after a recording stay zeros, which Masking then knows for its end.
Sequential speech_network(const TranscriberOptions& options, const SpeechSteps& steps,
                          std::int64_t classes);

using LabelIds = std::vector<std::int32_t>;

struct SaidWords {
  std::vector<float> samples;
  LabelIds labels;
};

// Some words of a recording, in any order and any of them twice, so that the network cannot guess
// a word from the one before. Word w of labels lies from cuts[w] to cuts[w + 1]; the stream of
// random numbers says which are taken.
SaidWords shuffled_words(std::span<const float> sound, std::span<const std::size_t> cuts,
                         const LabelIds& labels, const Random& random, std::uint64_t stream);

// Steps that labels need: one each, and one between two that are the same.
std::int64_t least_steps(const LabelIds& labels);

struct SpeechData {
  std::span<const std::vector<float>> sounds;
  std::span<const LabelIds> labels;
  std::span<const std::vector<float>> validation;  // may be empty
  std::span<const LabelIds> validation_labels;
  bool one_label = false;  // is all that each of them says
  std::string identity;    // for checkpoints
};

// Leaves the weights of the epoch that was best on the validation part. Options are complete.
TaskRunResult train_speech(Sequential& model, const SpeechReader& reader, const SpeechData& data,
                           const TranscriberOptions& options);

}  // namespace chronicler::tasks
