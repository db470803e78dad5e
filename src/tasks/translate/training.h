// How a translator learns.
#pragma once

#include <span>
#include <vector>

#include "chronicler/tasks/translator.h"
#include "tasks/shared/task_run.h"
#include "tasks/translate/network.h"
#include "tasks/translate/vocabulary.h"

namespace chronicler::tasks {

// A pair as the network sees it.
struct IdPair {
  std::vector<PieceId> source;  // the end included
  std::vector<PieceId> target;  // without start and end
};

struct TranslationData {
  std::span<const IdPair> train;
  std::span<const IdPair> validation;  // may be empty
};

// Trains the layers, which whole_model() has built, and leaves the weights that were best on the
// validation part. Options are complete.
TaskRunResult train_translation(const TranslationLayers& layers, const TranslationData& data,
                                const TranslatorOptions& options);

}  // namespace chronicler::tasks
