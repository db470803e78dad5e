// The network of a text classifier, and how it learns.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "chronicler/model/functional.h"
#include "chronicler/tasks/text_classifier.h"
#include "tasks/sentiment/text_reader.h"
#include "tasks/shared/task_run.h"

namespace chronicler::tasks {

// What comes out of the networks of a classifier.
enum class Scoring {
  each,       // scores of each network (batch, networks, classes), as they are trained
  mean,       // their mean (batch, classes)
  with_bags,  // and the bags' scores, a second input (batch, 2 bags classes), added
};

// From ids (batch, T) to scores of the classes, by options.networks networks of the same shape.
Functional classifier_network(std::int64_t vocabulary, std::int64_t classes,
                              const TextClassifierOptions& options, Scoring scoring);

// ln p of every class for each sample, in their order; by the mean score of several networks.
std::vector<std::vector<float>> log_probabilities(const Model& model,
                                                  std::span<const Sample> samples);

struct ClassifierData {
  std::span<const Sample> train;
  std::span<const std::int32_t> train_labels;
  std::span<const Sample> validation;  // may be empty
  std::span<const std::int32_t> validation_labels;
  std::string identity;  // of the texts, for checkpoints
};

// Trains the networks (Scoring::each) side by side, and leaves the weights of the epoch whose mean
// scores were best on the validation part.
TaskRunResult train_classifier(Functional& model, const ClassifierData& data,
                               const TextClassifierOptions& options);

// The network that is kept: the trained ones' mean and, with options.wide, the bags: their scores
// are added, each with the share that predicts the validation part's labels best. (Trained
// together, the network would soon know its texts by heart and the bags would no more be heard.)
Functional finished_network(const Functional& trained, std::int64_t vocabulary,
                            const TextClassifierOptions& options,
                            std::span<const Sample> validation,
                            std::span<const std::int32_t> labels);

}  // namespace chronicler::tasks
