// Rows of tensors: the data sets of fit(x, y).
#pragma once

#include <memory>

#include "training/dataset/source.h"

namespace chronicler {

// Each row an item of its own, which shares the elements of the tensors.
std::shared_ptr<const Dataset::Source> tensor_rows(Batch data, bool shuffle);

// Batches of rows: in their order parts of the data; shuffled they are gathered into tensors that
// are used again for every batch of that size.
std::shared_ptr<const Dataset::Source> tensor_batches(Batch data, std::int64_t batch_size,
                                                      bool shuffle, bool drop_remainder = false);

}  // namespace chronicler
