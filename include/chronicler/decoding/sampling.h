// From scores to a choice: temperature, the k best, the nucleus, a penalty on repetition.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "chronicler/base/random.h"

namespace chronicler::decoding {

struct SamplingOptions {
  double temperature = 1.0;  // 0: always the best
  std::int64_t top_k = 0;    // only the k best; 0: all
  double top_p = 1.0;        // only the best that together have this probability (Holtzman 2020)
  // Scores of what came up in the last 64 choices are divided by it if positive, else multiplied
  // (Keskar 2019). 1: no penalty.
  double repetition_penalty = 1.0;
  std::uint64_t seed = 0;
};

// Draws one after another; the same seed and the same scores give the same choices.
class Sampler {
 public:
  // Throws Error for an option out of its range.
  explicit Sampler(const SamplingOptions& options = {});

  // An index into the scores (logits: natural logarithms of probabilities, up to a constant).
  // Scores of -infinity are never chosen. Equal scores: the smaller index counts as better.
  std::int64_t choose(std::span<const float> scores);

 private:
  void keep_best();

  struct Candidate {
    std::int64_t index;
    double weight;
  };

  SamplingOptions options_;
  Random random_;
  std::uint64_t draws_ = 0;
  std::deque<std::int64_t> recent_;
  std::vector<float> penalized_;
  std::vector<Candidate> candidates_;
};

}  // namespace chronicler::decoding
