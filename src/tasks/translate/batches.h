// Pairs of about equal lengths, side by side.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chronicler/base/random.h"
#include "chronicler/base/tensor.h"
#include "tasks/translate/training.h"

namespace chronicler::tasks {

using PairBatch = std::vector<std::size_t>;  // places of pairs

// Cuts pairs into batches of at most so many pieces of both sides, padding included. An epoch has
// its own order: pairs of equal lengths at random, batches at random.
std::vector<PairBatch> batches_of(std::span<const IdPair> pairs, std::int64_t batch_pieces,
                                  const Random& random, std::uint64_t epoch);

// Pieces of both sides of a batch, padding included.
std::size_t padded_pieces(std::span<const IdPair> pairs, const PairBatch& batch);

// A batch as the network takes it.
struct PairTensors {
  Tensor source;           // (B, S)
  Tensor target;           // (B, T): the start, then the target
  Tensor expected;         // (B, T): what follows there: the target, then the end; then padding
  std::int64_t count = 0;  // of what is expected

  PairTensors(std::span<const IdPair> pairs, const PairBatch& batch);
};

}  // namespace chronicler::tasks
