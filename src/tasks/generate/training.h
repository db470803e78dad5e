// Truncated backpropagation over one long text, states carried from batch to batch.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "chronicler/data/pieces.h"
#include "chronicler/model/functional.h"
#include "chronicler/tasks/text_generator.h"
#include "tasks/shared/task_run.h"

namespace chronicler::tasks {

using PieceIds = std::span<const data::Pieces::Id>;

// Ids (batch, T) to scores of the next piece (batch, T, pieces). With a batch size it keeps its
// states from call to call, for training; without (0) it is what files hold.
Functional language_model(std::int64_t pieces, const TextGeneratorOptions& options,
                          std::int64_t batch_size);
// Several networks as one model that files hold: the mean of their scores. That of their ln p but
// for a number that all pieces share, so that what is likely by one is by the other.
Functional joined_language_model(std::span<const std::shared_ptr<Functional>> networks,
                                 std::int64_t pieces, const TextGeneratorOptions& options);

// The sum of -ln p over ids[1] ... of one pass from a state of zeros, the state carried.
double contiguous_nats(const Model& model, PieceIds ids);
// The same with a copy of the model that learns from what it has read (Stream::learn).
double adapted_nats(const Model& model, PieceIds ids, const AdaptOptions& options);
// The same in windows of `steps` pieces, each from a state of zeros; many rows at once.
double cold_nats(const Model& model, PieceIds ids, std::int64_t steps);
// The mean of -ln p over `rows` passages, each with the state carried, that begin evenly over the
// text and are as long as they can be; together at most `most` pieces.
double parallel_nats(const Model& model, PieceIds ids, std::int64_t rows, std::int64_t most);

struct LanguageData {
  PieceIds train;
  PieceIds validation;                 // may be empty
  double pieces_per_character = 1.0;   // of the training part
  double validation_characters = 0.0;  // for each piece of the validation part
};

struct TrainedLanguageModel {
  std::shared_ptr<Functional> model;
  TaskRunResult run;
};

// Trains options.networks of them one after the other, the first of which language_model(..., 0)
// made, each to the weights that were best on the validation part, or a part of it. Options are
// complete.
TrainedLanguageModel train_language_model(std::shared_ptr<Functional> first,
                                          const LanguageData& data,
                                          const TextGeneratorOptions& options);

}  // namespace chronicler::tasks
