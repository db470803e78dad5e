// Known labels and the outputs of a CTC network: how likely they are, and in which steps each lies.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chronicler/base/tensor.h"
#include "chronicler/decoding/ctc_greedy.h"

namespace chronicler::decoding {

// ln p(labels | sound), all paths together. Scores (steps, classes), float32, before the softmax.
// Minus infinity if the steps are too few.
double ctc_log_probability(const TensorView& scores, std::span<const std::int64_t> labels,
                           std::int64_t blank = 0);

// The one label that is likeliest to be all that was said; the first of equals. 0 is the blank.
std::int64_t ctc_single_label(const TensorView& scores);

// The steps of each label on the likeliest path that spells them (Viterbi 1967). Throws Error if
// the steps are too few.
std::vector<CtcLabel> ctc_align(const TensorView& scores, std::span<const std::int64_t> labels,
                                std::int64_t blank = 0);

}  // namespace chronicler::decoding
