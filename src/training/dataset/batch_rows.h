// The rows of batches: gathered, cut, joined and padded.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chronicler/training/dataset.h"

namespace chronicler {

// Chosen rows side by side; `to` is used again if it has room for exactly as many.
void gather_rows(const TensorList& from, std::span<const std::int64_t> rows, TensorList& to);
void gather_rows(const Batch& from, std::span<const std::int64_t> rows, Batch& to);

// Batches one below the other. Throws Error if their rows do not have the same shape and type.
Batch join_rows(const std::vector<Batch>& parts);
// The same where steps, the first axis of a row, differ: zeros follow the shorter ones, and a mask
// of x[0] says which steps are one's own, if there is padding.
Batch join_padded(const std::vector<Batch>& parts);

}  // namespace chronicler
