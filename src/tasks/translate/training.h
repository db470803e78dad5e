// How a translator learns.
#pragma once

#include <memory>
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

struct TrainedTranslation {
  std::shared_ptr<Functional> model;
  TaskRunResult run;
};

// Trains options.networks of them one after the other, the first of which TranslationLayers::make
// made and whole_model() built, each to the weights that were best on the validation part. Options
// are complete.
TrainedTranslation train_translation(std::shared_ptr<Functional> first, std::int64_t vocabulary,
                                     const TranslationData& data, const TranslatorOptions& options);

}  // namespace chronicler::tasks
