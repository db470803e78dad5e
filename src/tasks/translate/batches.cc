#include "tasks/translate/batches.h"

#include <algorithm>
#include <numeric>

#include "base/shuffle.h"

namespace chronicler::tasks {
namespace {

// Of the longest of a batch; the target with its start.
struct Lengths {
  std::size_t source = 0;
  std::size_t target = 0;

  Lengths(std::span<const IdPair> pairs, const PairBatch& batch) {
    for (const std::size_t place : batch) {
      source = std::max(source, pairs[place].source.size());
      target = std::max(target, pairs[place].target.size() + 1);
    }
  }
};

}  // namespace

std::vector<PairBatch> batches_of(std::span<const IdPair> pairs, std::int64_t batch_pieces,
                                  const Random& random, std::uint64_t epoch) {
  std::vector<std::size_t> order(pairs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  shuffle(order, random, epoch, 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const std::size_t target_a = pairs[a].target.size();
    const std::size_t target_b = pairs[b].target.size();
    if (target_a != target_b) return target_a < target_b;
    // Up and down by turns, so that sources are of like lengths where targets grow by one.
    const std::size_t source_a = pairs[a].source.size();
    const std::size_t source_b = pairs[b].source.size();
    return target_a % 2 == 0 ? source_a < source_b : source_a > source_b;
  });
  std::vector<PairBatch> batches;
  std::size_t longest_source = 0;
  std::size_t longest_target = 0;
  for (const std::size_t place : order) {
    const std::size_t source = std::max(longest_source, pairs[place].source.size());
    const std::size_t target = std::max(longest_target, pairs[place].target.size() + 1);
    const bool fits = !batches.empty() && (batches.back().size() + 1) * (source + target) <=
                                              static_cast<std::size_t>(batch_pieces);
    if (!fits) batches.emplace_back();
    longest_source = fits ? source : pairs[place].source.size();
    longest_target = fits ? target : pairs[place].target.size() + 1;
    batches.back().push_back(place);
  }
  shuffle(batches, random, epoch, order.size() + 1);
  return batches;
}

std::size_t padded_pieces(std::span<const IdPair> pairs, const PairBatch& batch) {
  const Lengths longest(pairs, batch);
  return batch.size() * (longest.source + longest.target);
}

PairTensors::PairTensors(std::span<const IdPair> pairs, const PairBatch& batch) {
  const Lengths longest(pairs, batch);
  const auto rows = static_cast<std::int64_t>(batch.size());
  source = Tensor({rows, static_cast<std::int64_t>(longest.source)}, DType::int32);
  target = Tensor({rows, static_cast<std::int64_t>(longest.target)}, DType::int32);
  expected = Tensor(target.shape(), DType::int32);
  for (std::size_t row = 0; row < batch.size(); ++row) {
    const IdPair& pair = pairs[batch[row]];
    std::copy(pair.source.begin(), pair.source.end(),
              source.as<std::int32_t>() + row * longest.source);
    std::int32_t* to = target.as<std::int32_t>() + row * longest.target;
    *to = TranslationVocabulary::start;
    std::copy(pair.target.begin(), pair.target.end(), to + 1);
    std::int32_t* next = expected.as<std::int32_t>() + row * longest.target;
    *std::copy(pair.target.begin(), pair.target.end(), next) = TranslationVocabulary::end;
    count += static_cast<std::int64_t>(pair.target.size()) + 1;
  }
}

}  // namespace chronicler::tasks
