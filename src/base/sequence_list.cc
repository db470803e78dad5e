#include "chronicler/base/sequence_list.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include <fmt/format.h>

#include "base/mapped_memory.h"
#include "chronicler/base/error.h"

namespace chronicler {
namespace {

std::int64_t longest(const SequenceList& list, const Bucket& bucket) {
  std::int64_t steps = 0;
  for (const std::int64_t index : bucket) steps = std::max(steps, list.length(index));
  return steps;
}

}  // namespace

std::vector<Bucket> bucket_by_length(std::span<const std::int64_t> lengths,
                                     const BucketOptions& options) {
  if (options.batch_size < 1)
    throw Error(fmt::format("batch_size must be at least 1, got {}", options.batch_size));
  if (!(options.max_padding >= 0.0 && options.max_padding < 1.0)) {
    throw Error(
        fmt::format("max_padding must be at least 0 and below 1, got {}", options.max_padding));
  }
  const auto length = [&](std::int64_t index) { return lengths[static_cast<std::size_t>(index)]; };
  Bucket order(lengths.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int64_t a, std::int64_t b) { return length(a) < length(b); });

  std::vector<Bucket> buckets;
  std::int64_t steps = 0;  // in the last bucket, padding aside
  for (const std::int64_t index : order) {
    if (length(index) < 1) {
      throw Error(fmt::format("sequence {} has {} steps", index, length(index)),
                  "leave empty sequences out");
    }
    // With this one the whole bucket would be padded to its length.
    const auto with_it = [&](const Bucket& bucket) {
      const std::int64_t all = length(index) * (static_cast<std::int64_t>(bucket.size()) + 1);
      const std::int64_t padding = all - steps - length(index);
      return static_cast<double>(padding) <= options.max_padding * static_cast<double>(all);
    };
    const bool fits = !buckets.empty() &&
                      static_cast<std::int64_t>(buckets.back().size()) < options.batch_size &&
                      with_it(buckets.back());
    if (!fits) {
      buckets.emplace_back();
      steps = 0;
    }
    buckets.back().push_back(index);
    steps += length(index);
  }
  return buckets;
}

SequenceList::SequenceList(std::vector<Tensor> sequences) : sequences_(std::move(sequences)) {
  for (std::size_t i = 0; i < sequences_.size(); ++i) {
    const Tensor& one = sequences_[i];
    const Tensor& first = sequences_.front();
    if (!one || one.shape().rank() == 0 || one.shape()[0] == 0) {
      throw Error(fmt::format("sequence {} has no steps", i), "leave empty sequences out");
    }
    if (one.dtype() == first.dtype() &&
        one.shape().without_front() == first.shape().without_front())
      continue;
    throw Error(
        fmt::format("sequence {} is {} of {}, the first one {} of {}", i, one.shape().to_string(),
                    name_of(one.dtype()), first.shape().to_string(), name_of(first.dtype())),
        "sequences of one list differ in their number of steps only");
  }
}

std::vector<std::int64_t> SequenceList::lengths() const {
  std::vector<std::int64_t> all;
  for (const Tensor& one : sequences_) all.push_back(one.shape()[0]);
  return all;
}

SequenceList SequenceList::part(std::int64_t begin, std::int64_t end) const {
  return SequenceList({sequences_.begin() + begin, sequences_.begin() + end});
}

Tensor SequenceList::padded(const Bucket& bucket) const {
  if (bucket.empty()) throw Error("a batch of no sequences was asked for");
  const std::int64_t steps = longest(*this, bucket);
  const Tensor& first = (*this)[bucket.front()];
  // One that is mapped from a file may be larger than memory: it stays there.
  if (bucket.size() == 1 && is_mapped(first)) return first.reshaped(first.shape().with_front(1));
  Tensor batch((*this)[bucket.front()].shape().without_front().with_front(steps).with_front(
                   static_cast<std::int64_t>(bucket.size())),
               (*this)[bucket.front()].dtype());
  const std::size_t row_bytes = batch.bytes() / bucket.size();
  auto* row = static_cast<std::byte*>(batch.view().raw());
  for (const std::int64_t index : bucket) {
    const TensorView sequence = (*this)[index];
    check_mapped(sequence);
    std::memcpy(row, sequence.raw(), sequence.bytes());
    done_with(sequence);
    row += row_bytes;
  }
  return batch;
}

Tensor SequenceList::mask(const Bucket& bucket) const {
  const std::int64_t steps = longest(*this, bucket);
  const bool equal = std::all_of(bucket.begin(), bucket.end(),
                                 [&](std::int64_t index) { return length(index) == steps; });
  if (equal) return {};
  Tensor mask({static_cast<std::int64_t>(bucket.size()), steps}, DType::boolean);
  auto* row = mask.as<std::uint8_t>();
  for (const std::int64_t index : bucket) {
    std::fill_n(row, length(index), std::uint8_t{1});
    row += steps;
  }
  return mask;
}

}  // namespace chronicler
