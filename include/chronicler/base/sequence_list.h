// Sequences of different lengths, and how batches are made of them without much padding.
//
//   SequenceList x(recordings);                       // tensors (T_i, F), or (T_i) of ids
//   model.fit(x, y, {.batch_size = 32});
//   std::vector<Tensor> answers = model.predict(x);   // in the order of x
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chronicler/base/tensor.h"

namespace chronicler {

// Rows of a batch, by their places in a list.
using Bucket = std::vector<std::int64_t>;

struct BucketOptions {
  std::int64_t batch_size = 32;
  double max_padding = 0.1;  // share of a batch's steps that may be padding; 0: equal lengths only
};

// Cuts sequences of these lengths into batches of neighbours in length, shortest first, ties in the
// order given. Throws Error if a length or an option is out of its range.
std::vector<Bucket> bucket_by_length(std::span<const std::int64_t> lengths,
                                     const BucketOptions& options = {});

class SequenceList {
 public:
  // Throws Error unless all are of one type and agree in all axes but the first, and hold a step.
  explicit SequenceList(std::vector<Tensor> sequences);

  std::int64_t size() const { return static_cast<std::int64_t>(sequences_.size()); }
  const Tensor& operator[](std::int64_t index) const {
    return sequences_[static_cast<std::size_t>(index)];
  }
  std::int64_t length(std::int64_t index) const { return (*this)[index].shape()[0]; }
  std::vector<std::int64_t> lengths() const;
  // The sequences from begin to end, sharing their elements.
  SequenceList part(std::int64_t begin, std::int64_t end) const;

  // Some of them as one tensor (B, T, ...), T the longest's; zeros follow the shorter ones.
  Tensor padded(const Bucket& bucket) const;
  // (B, T), true where a step is one of its sequence; empty if all have the same length.
  Tensor mask(const Bucket& bucket) const;

 private:
  std::vector<Tensor> sequences_;
};

}  // namespace chronicler
