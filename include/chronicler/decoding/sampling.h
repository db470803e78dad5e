// From scores to a choice: temperature, the k best, the nucleus, a penalty on repetition.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "chronicler/base/fields.h"
#include "chronicler/base/random.h"

namespace chronicler::decoding {

struct SamplingOptions {
  double temperature = 1.0;
  std::int64_t top_k = 0;  // 0: all
  double top_p = 1.0;      // Holtzman 2020
  // Scores of the last 64 choices are divided by it if positive, else multiplied (Keskar 2019).
  double repetition_penalty = 1.0;
  std::uint64_t seed = 0;

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = SamplingOptions;
    visit("temperature", &Options::temperature, between(0.0, 1000.0),
          "below 1 safer, above 1 bolder, 0 always the likeliest");
    visit("top_k", &Options::top_k, at_least(1), "only the k likeliest pieces",
          {.default_text = "all"});
    visit("top_p", &Options::top_p, {.least = 0.0, .most = 1.0, .least_is_out = true},
          "only the likeliest pieces that together have this probability");
    visit("repetition_penalty", &Options::repetition_penalty, between(1.0, 1000.0),
          "makes recent pieces less likely; 1: no penalty");
    visit("seed", &Options::seed, at_least(0), "fixes the choices");
  }
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
