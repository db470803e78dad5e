#include "chronicler/decoding/ctc_greedy.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler::decoding {

bool CtcGreedy::push(std::span<const float> scores) {
  const auto best = std::max_element(scores.begin(), scores.end());
  const std::int64_t label = best - scores.begin();
  const std::int64_t step = steps_++;
  const bool goes_on = label == last_;
  last_ = label;
  if (label == blank_) return false;
  double total = 0.0;
  for (const float score : scores) total += std::exp(static_cast<double>(score - *best));
  const double probability = 1.0 / total;
  if (!goes_on) {
    labels_.push_back({label, step, step + 1, probability});
    return true;
  }
  if (!labels_.empty()) {
    labels_.back().end = step + 1;
    labels_.back().probability = std::max(labels_.back().probability, probability);
  }
  return false;
}

std::vector<CtcLabel> ctc_greedy(const TensorView& scores, std::int64_t blank) {
  if (scores.shape().rank() != 2) {
    throw Error(fmt::format("CTC decoding needs scores (steps, classes), got {}",
                            scores.shape().to_string()),
                "decode the rows of a batch one by one");
  }
  CtcGreedy greedy(blank);
  const auto classes = static_cast<std::size_t>(scores.shape()[1]);
  const float* at = scores.as<float>();
  for (std::int64_t t = 0; t < scores.shape()[0]; ++t, at += classes) greedy.push({at, classes});
  return greedy.labels();
}

}  // namespace chronicler::decoding
