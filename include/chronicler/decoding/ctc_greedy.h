// From the outputs of a CTC network to labels: the likeliest class of each step, repeats merged,
// blanks dropped (best path decoding, Graves et al. 2006).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chronicler/base/tensor.h"

namespace chronicler::decoding {

// A label and the steps in which it was the likeliest class.
struct CtcLabel {
  std::int64_t label = 0;
  std::int64_t begin = 0;
  std::int64_t end = 0;
  double probability = 0.0;  // the highest of these steps
};

// Scores that come step by step.
class CtcGreedy {
 public:
  explicit CtcGreedy(std::int64_t blank = 0) : blank_(blank) {}

  // Scores of every class, before the softmax. True if a label begins with this step: it is then
  // the last of labels().
  bool push(std::span<const float> scores);
  const std::vector<CtcLabel>& labels() const { return labels_; }
  std::int64_t steps() const { return steps_; }
  // Drops all labels, not the place: a label that goes on is not reported again.
  void forget_labels() { labels_.clear(); }

 private:
  std::int64_t blank_;
  std::int64_t steps_ = 0;
  std::int64_t last_ = -1;
  std::vector<CtcLabel> labels_;
};

// Scores (steps, classes), float32, before the softmax.
std::vector<CtcLabel> ctc_greedy(const TensorView& scores, std::int64_t blank = 0);

}  // namespace chronicler::decoding
