// What a classifier's options are where they were left open, and whether they make sense.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "chronicler/tasks/text_classifier.h"

namespace chronicler::tasks {

using Texts = std::vector<std::string_view>;  // of the caller's, which may be gigabytes

// Throws Error for options out of their range or that contradict each other.
void check(const TextClassifierOptions& options);
// Fills in what is 0 or empty, from the training texts.
void choose(TextClassifierOptions& options, const Texts& texts);

std::size_t bytes_of(const Texts& texts);

}  // namespace chronicler::tasks
