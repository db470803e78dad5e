#include "chronicler/decoding/sampling.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "chronicler/base/error.h"

namespace chronicler::decoding {
namespace {

constexpr std::size_t remembered = 64;
constexpr std::uint64_t draw_stream = 0;

}  // namespace

Sampler::Sampler(const SamplingOptions& options) : options_(options), random_(options.seed) {
  check_fields("Sampler", options);
}

std::int64_t Sampler::choose(std::span<const float> scores) {
  if (scores.empty()) throw Error("there is nothing to choose from");
  if (options_.repetition_penalty > 1.0) {
    penalized_.assign(scores.begin(), scores.end());
    std::vector<std::int64_t> seen(recent_.begin(), recent_.end());
    std::sort(seen.begin(), seen.end());
    seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
    const auto penalty = static_cast<float>(options_.repetition_penalty);
    for (const std::int64_t index : seen) {
      float& score = penalized_[static_cast<std::size_t>(index)];
      score = score > 0.0F ? score / penalty : score * penalty;
    }
    scores = penalized_;
  }
  const auto best = std::max_element(scores.begin(), scores.end());
  std::int64_t chosen = best - scores.begin();
  if (options_.temperature > 0.0) {
    candidates_.clear();
    for (std::size_t i = 0; i < scores.size(); ++i) {
      const double distance = static_cast<double>(scores[i]) - static_cast<double>(*best);
      candidates_.push_back(
          {static_cast<std::int64_t>(i), std::exp(distance / options_.temperature)});
    }
    keep_best();
    double total = 0.0;
    for (const Candidate& candidate : candidates_) total += candidate.weight;
    double left = total * static_cast<double>(random_.uniform(draw_stream, draws_++));
    for (const Candidate& candidate : candidates_) {
      if (candidate.weight <= 0.0) continue;
      chosen = candidate.index;
      left -= candidate.weight;
      if (left < 0.0) break;
    }
  }
  if (options_.repetition_penalty > 1.0) {
    recent_.push_back(chosen);
    if (recent_.size() > remembered) recent_.pop_front();
  }
  return chosen;
}

void Sampler::keep_best() {
  const bool by_rank =
      options_.top_k > 0 && options_.top_k < static_cast<std::int64_t>(candidates_.size());
  if (!by_rank && options_.top_p >= 1.0) return;
  std::stable_sort(candidates_.begin(), candidates_.end(),
                   [](const Candidate& a, const Candidate& b) { return a.weight > b.weight; });
  if (by_rank) candidates_.resize(static_cast<std::size_t>(options_.top_k));
  if (options_.top_p >= 1.0) return;
  double total = 0.0;
  for (const Candidate& candidate : candidates_) total += candidate.weight;
  double sum = 0.0;
  std::size_t kept = 0;
  while (kept < candidates_.size() && sum < options_.top_p * total)
    sum += candidates_[kept++].weight;
  candidates_.resize(std::max<std::size_t>(kept, 1));
}

}  // namespace chronicler::decoding
