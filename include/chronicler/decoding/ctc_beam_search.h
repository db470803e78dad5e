// From the outputs of a CTC network to the likeliest labels, all paths to each together, and a
// language model's opinion if there is one.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "chronicler/base/tensor.h"

namespace chronicler::decoding {

// ln p of the next label after those before it; end_of_labels for the end.
using LabelScorer = std::function<double(std::span<const std::int64_t> before, std::int64_t next)>;
inline constexpr std::int64_t end_of_labels = -1;

struct CtcBeamOptions {
  std::int64_t blank = 0;
  std::int64_t beams = 32;  // prefixes kept after each step
  // A label whose p in a step is below this is not tried there.
  double least_probability = 1e-4;
  LabelScorer scorer = {};  // none: the network alone
  double scorer_weight = 1.0;
  double label_bonus = 0.0;  // for each label: language models like few
  std::int64_t most = 1;     // answers at most
};

struct CtcHypothesis {
  std::vector<std::int64_t> labels;
  double score = 0.0;            // what they are sorted by
  double log_probability = 0.0;  // by the network, of the paths that were kept
};

// Prefix beam search (Graves and Jaitly 2014; Hannun et al. 2014). Scores (steps, classes),
// float32, before the softmax. Maximises ln p(labels | sound) + scorer_weight ln p(labels) +
// label_bonus labels. Best first.
std::vector<CtcHypothesis> ctc_beam_search(const TensorView& scores,
                                           const CtcBeamOptions& options = {});

}  // namespace chronicler::decoding
