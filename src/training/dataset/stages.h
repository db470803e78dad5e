// What a Dataset makes of another one: a source around a source.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "training/dataset/source.h"

namespace chronicler {

using SourcePtr = std::shared_ptr<const Dataset::Source>;

// All items in another order in each epoch; the source can give any item at any time.
SourcePtr shuffled_items(SourcePtr from);
// Items drawn from a buffer that is kept full.
SourcePtr shuffled_stream(SourcePtr from, std::int64_t buffer_size);
SourcePtr mapped(SourcePtr from, std::function<void(Batch&, const BatchPlace&)> change);
// The rows cut anew, padded to the longest of a batch or all of one shape.
enum class Joining { equal, padded };
SourcePtr rebatched(SourcePtr from, std::int64_t batch_size, Joining joining, bool drop_remainder);
// Batches of neighbours in length among `buffer_size` rows; 0: among all.
SourcePtr bucketed_stream(SourcePtr from, const BucketOptions& options, std::int64_t buffer_size);
SourcePtr first_items(SourcePtr from, std::int64_t count);
SourcePtr read_ahead(SourcePtr from, std::int64_t ahead);

}  // namespace chronicler
