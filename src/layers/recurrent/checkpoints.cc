#include "layers/recurrent/checkpoints.h"

#include <algorithm>
#include <cmath>

namespace chronicler {
namespace {

// binomial(n + k, k), or a number that is too large to matter. Doubles are exact where they are
// compared: sequences have fewer than 2^53 steps.
double binomial(std::int64_t n, std::int64_t k) {
  if (n < 0 || k < 0) return 0.0;
  constexpr double enough = 1e15;
  double product = 1.0;
  const std::int64_t least = std::min(n, k);
  const std::int64_t most = std::max(n, k);
  for (std::int64_t i = 1; i <= least && product < enough; ++i)
    product = std::round(product * static_cast<double>(most + i) / static_cast<double>(i));
  return product;
}

// The smallest number of repetitions with which the slots do.
std::int64_t repetitions(std::int64_t segments, std::int64_t slots) {
  const auto size = static_cast<double>(segments);
  if (slots == 1) return segments - 1;
  std::int64_t times = 0;
  while (binomial(slots, times) < size) ++times;
  return times;
}

}  // namespace

double segments_again(std::int64_t segments, std::int64_t slots) {
  const std::int64_t times = repetitions(segments, slots);
  return static_cast<double>(times) * static_cast<double>(segments) -
         binomial(slots + 1, times - 1);
}

Checkpoints::Checkpoints(std::span<std::int64_t> kept) : kept_(kept) { kept_[0] = 0; }

Checkpoints::Stop Checkpoints::next(std::int64_t target) {
  const std::int64_t left = target + 1 - segment();  // to be taken back from the last kept state
  const std::int64_t slots = static_cast<std::int64_t>(kept_.size()) - count_ + 1;
  if (left <= 2 || slots == 1) return {target, false};
  // Behind the stop one slot fewer and as many repetitions must do; before it, as many slots and
  // one repetition fewer. Of the stops that are equally good this is the first.
  const std::int64_t times = repetitions(left, slots);
  const double behind = std::min(binomial(slots - 1, times), static_cast<double>(left - 1));
  const double before = std::max(static_cast<double>(left) - behind, binomial(slots, times - 2));
  const std::int64_t stop =
      segment() + std::clamp<std::int64_t>(static_cast<std::int64_t>(before), 1, left - 1);
  if (stop == target) return {target, false};
  kept_[static_cast<std::size_t>(count_++)] = stop;
  return {stop, true};
}

void Checkpoints::taken_back(std::int64_t target) {
  if (count_ > 1 && segment() == target) --count_;
}

}  // namespace chronicler
