// Batches that are gone through in several parts, as the trainer sees them.
#pragma once

#include <cstdint>
#include <vector>

namespace chronicler {

// What of a pass over a batch counts: all, unless it is one of several parts of its sequences
// (training/sequence_parts.h).
struct PartOfBatch {
  bool is_whole = true;
  bool is_last = true;         // then also the outputs that have no steps count
  std::int64_t old_steps = 0;  // the first ones, whose losses were counted before
  double share = 1.0;          // of the batch's steps
  const std::vector<bool>* outputs_with_steps = nullptr;
};

}  // namespace chronicler
