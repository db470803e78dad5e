#include "decoding/ctc_scores.h"

#include <algorithm>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler::decoding {

void check_ctc_scores(const TensorView& scores, std::int64_t blank) {
  if (scores.shape().rank() != 2 || scores.shape()[1] < 1) {
    throw Error(fmt::format("CTC decoding needs scores (steps, classes), got {}",
                            scores.shape().to_string()),
                "decode the rows of a batch one by one");
  }
  if (blank >= 0 && blank < scores.shape()[1]) return;
  throw Error(
      fmt::format("the blank is {}, which is none of {} classes", blank, scores.shape()[1]));
}

std::vector<double> log_softmax(const float* scores, std::int64_t classes) {
  const double best = *std::max_element(scores, scores + classes);
  double total = 0.0;
  for (std::int64_t k = 0; k < classes; ++k)
    total += std::exp(static_cast<double>(scores[k]) - best);
  const double shift = best + std::log(total);
  std::vector<double> result;
  for (std::int64_t k = 0; k < classes; ++k)
    result.push_back(static_cast<double>(scores[k]) - shift);
  return result;
}

}  // namespace chronicler::decoding
