// Sequences of different lengths, and batches of those that are neighbours in length.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "training/dataset/source.h"

namespace chronicler {

// Sequences and what belongs to each.
struct SequenceData {
  SequenceList x;
  TensorList y = {};                         // a row a sequence; or
  std::optional<SequenceList> y_steps = {};  // a target a step
  TensorList sample_weight = {};             // (N)

  SequenceData part(std::int64_t begin, std::int64_t end) const;
};

// Throws Error if the parts do not fit together, or hold numbers that are not finite.
void check_sequences(const SequenceData& data);

// Which sequences lie together in an epoch: which lengths is always the same; which of the equally
// long ones, and in what order the batches come, is drawn if they are shuffled.
std::vector<Bucket> sequence_buckets(std::span<const std::int64_t> lengths,
                                     const BucketOptions& options, bool shuffle,
                                     const Epoch& epoch);
std::vector<Bucket> sequence_buckets(const SequenceData& data, const BucketOptions& options,
                                     bool shuffle, const Epoch& epoch);
// One of them: padded, with a mask if there is padding. `to` keeps what can be used again.
void fill_sequence_batch(const SequenceData& data, const Bucket& rows, Batch& to);

// Each sequence an item of its own.
std::shared_ptr<const Dataset::Source> sequence_rows(SequenceData data, bool shuffle);
std::shared_ptr<const Dataset::Source> sequence_batches(SequenceData data,
                                                        const BucketOptions& options, bool shuffle);

}  // namespace chronicler
