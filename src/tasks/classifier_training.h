// The network of a text classifier, and how it learns.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "chronicler/model/functional.h"
#include "chronicler/tasks/text_classifier.h"
#include "tasks/text_reader.h"

namespace chronicler::tasks {

// Ids (batch, T), and with a bag of words its scores (batch, 2 classes), to scores of the classes
// (batch, classes).
Functional classifier_network(std::int64_t vocabulary, std::int64_t classes,
                              const TextClassifierOptions& options, bool with_bag);

// ln p of every class for each sample, in their order.
std::vector<std::vector<float>> log_probabilities(const Model& model,
                                                  std::span<const Sample> samples);

struct ClassifierData {
  std::span<const Sample> train;
  std::span<const std::int32_t> train_labels;
  std::span<const Sample> validation;  // may be empty
  std::span<const std::int32_t> validation_labels;
  std::string identity;  // of the texts, for checkpoints
};

struct ClassifierRun {
  bool finished = true;
  double epochs = 0.0;
  std::int64_t best_epoch = 0;
  double seconds = 0.0;
};

// Trains a network without a bag of words, and leaves the weights of the epoch that was best on the
// validation part.
ClassifierRun train_classifier(Functional& model, const ClassifierData& data,
                               const TextClassifierOptions& options);

// Puts a trained network and the bag of words together in `model`, which was made with one: their
// scores are added, each with the share that tells the validation part's labels best. (Trained
// together, the network would soon know its texts by heart and the bag would no more be heard.)
void add_bag(const Functional& deep, Functional& model, std::span<const Sample> validation,
             std::span<const std::int32_t> labels);

}  // namespace chronicler::tasks
