// How a translator learns.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "chronicler/tasks/translator.h"
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

struct TranslationRun {
  bool finished = true;
  double epochs = 0.0;
  double best_epoch = 0.0;
  double seconds = 0.0;
  double pieces_per_second = 0.0;
  std::optional<double> validation_nats;
};

// Trains the layers, which whole_model() has built, and leaves the weights that were best on the
// validation part. Options are complete.
TranslationRun train_translation(const TranslationLayers& layers, const TranslationData& data,
                                 const TranslatorOptions& options);

}  // namespace chronicler::tasks
