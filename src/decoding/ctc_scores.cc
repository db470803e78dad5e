#include "decoding/ctc_scores.h"

#include <algorithm>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "kernels/softmax.h"

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
  const auto shift = kernels::log_sum_exp<double>(classes, scores);
  std::vector<double> result;
  for (std::int64_t k = 0; k < classes; ++k)
    result.push_back(static_cast<double>(scores[k]) - shift);
  return result;
}

}  // namespace chronicler::decoding
