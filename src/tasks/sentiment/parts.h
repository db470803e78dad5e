// The labelled texts of a training: classes, and which texts teach and which validate.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "chronicler/tasks/text_classifier.h"
#include "tasks/sentiment/choices.h"

namespace chronicler::tasks {

using Labels = std::vector<std::int32_t>;

struct LabelledParts {
  std::vector<std::string> classes;  // in order; labels count from 0
  Texts train;
  Texts validation;
  Labels train_labels;
  Labels validation_labels;

  // Of texts and labels, for checkpoints: "texts 00.., validation 00..".
  std::string identity() const;
  std::vector<std::int64_t> label_counts() const;  // in the training part
};

// Holds the validation part out, some texts of each label, or takes that of the options. Throws
// Error for too few texts or labels.
LabelledParts labelled_parts(std::span<const std::string> texts,
                             std::span<const std::string> labels,
                             const TextClassifierOptions& options);

// The fold that tests each text, from 0. Throws Error for fewer texts than folds, and a label of a
// single text.
std::vector<std::int64_t> folds_of_texts(std::span<const std::string> labels, std::int64_t folds,
                                         std::uint64_t seed);

std::vector<std::string> plain_names(std::span<const std::string> labels);
// Throws Error for a label that is none of the classes.
Labels ids_of(std::span<const std::string> labels, const std::vector<std::string>& classes);

}  // namespace chronicler::tasks
