#include "training/dataset/sequence_rows.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "training/data_check.h"
#include "training/dataset/batch_rows.h"

namespace chronicler {
namespace {

void check_rows(std::int64_t sequences, const Tensor& rows, std::string_view name) {
  if (rows && rows.shape().rank() > 0 && rows.shape()[0] == sequences) return;
  throw Error(
      fmt::format("x has {} sequences, {} has shape {}", sequences, name, rows.shape().to_string()),
      "its first axis counts the sequences");
}

TensorList rows_of(const TensorList& list, std::int64_t begin, std::int64_t end) {
  std::vector<Tensor> rows;
  for (const Tensor& tensor : list) rows.push_back(tensor.rows(begin, end));
  return rows;
}

Tensor as_row(const Tensor& sequence) { return sequence.reshaped(sequence.shape().with_front(1)); }

class SequenceBatches final : public Dataset::Source {
 public:
  SequenceBatches(SequenceData data, const BucketOptions& options, bool shuffle)
      : data_(std::move(data)), options_(options), shuffle_(shuffle) {
    count_ = static_cast<std::int64_t>(sequence_buckets(data_, options_, false, {}).size());
  }

  std::optional<std::int64_t> size() const override { return count_; }
  std::optional<std::int64_t> rows() const override { return data_.x.size(); }
  std::unique_ptr<Batches::Walk> walk(const Epoch& epoch) const override;

 private:
  class Walk;
  SequenceData data_;
  BucketOptions options_;
  bool shuffle_;
  std::int64_t count_;
};

class SequenceBatches::Walk final : public Batches::Walk {
 public:
  Walk(const SequenceData& data, std::vector<Bucket> buckets)
      : data_(data), buckets_(std::move(buckets)) {}

  const Batch* next() override {
    if (index_ == buckets_.size()) return nullptr;
    fill_sequence_batch(data_, buckets_[index_++], batch_);
    return &batch_;
  }
  void skip(std::int64_t count) override {
    index_ = std::min(buckets_.size(), index_ + static_cast<std::size_t>(count));
  }
  Batch give() override { return std::exchange(batch_, Batch()); }

 private:
  SequenceData data_;
  std::vector<Bucket> buckets_;
  std::size_t index_ = 0;
  Batch batch_;
};

std::unique_ptr<Batches::Walk> SequenceBatches::walk(const Epoch& epoch) const {
  return std::make_unique<Walk>(data_, sequence_buckets(data_, options_, shuffle_, epoch));
}

class SequenceRows final : public Dataset::Source {
 public:
  SequenceRows(SequenceData data, bool shuffle) : data_(std::move(data)), shuffle_(shuffle) {}

  std::optional<std::int64_t> size() const override { return data_.x.size(); }
  std::optional<std::int64_t> rows() const override { return data_.x.size(); }
  bool has_single_rows() const override { return true; }
  std::unique_ptr<Batches::Walk> walk(const Epoch& epoch) const override {
    return std::make_unique<ItemWalk>(shared_from_this(), epoch,
                                      epoch_order(data_.x.size(), shuffle_, epoch));
  }
  bool has_items() const override { return !shuffle_; }
  Batch item(const BatchPlace& place) const override {
    const std::int64_t row = place.index;
    Batch batch{as_row(data_.x[row]), rows_of(data_.y, row, row + 1),
                rows_of(data_.sample_weight, row, row + 1)};
    if (data_.y_steps) batch.y = as_row((*data_.y_steps)[row]);
    return batch;
  }
  bool shares_data() const override { return true; }
  std::shared_ptr<const Source> shuffled() const override { return sequence_rows(data_, true); }
  std::shared_ptr<const Source> bucketed(const BucketOptions& options) const override {
    return sequence_batches(data_, options, shuffle_);
  }

 private:
  SequenceData data_;
  bool shuffle_;
};

}  // namespace

SequenceData SequenceData::part(std::int64_t begin, std::int64_t end) const {
  SequenceData some{x.part(begin, end), rows_of(y, begin, end)};
  some.sample_weight = rows_of(sample_weight, begin, end);
  if (y_steps) some.y_steps = y_steps->part(begin, end);
  return some;
}

void check_sequences(const SequenceData& data) {
  if (data.x.size() == 0) throw Error("x has no sequences", "give at least one");
  for (std::int64_t i = 0; i < data.x.size(); ++i)
    check_finite(data.x[i], fmt::format("sequence {} of x", i));
  for (const Tensor& y : data.y) {
    check_rows(data.x.size(), y, "y");
    check_finite(y, "y");
  }
  for (const Tensor& weight : data.sample_weight) {
    check_rows(data.x.size(), weight, "sample_weight");
    check_finite(weight, "sample_weight");
  }
  if (!data.y_steps) return;
  if (data.y_steps->size() != data.x.size()) {
    throw Error(fmt::format("x has {} sequences, y has {}", data.x.size(), data.y_steps->size()),
                "give targets for each sequence");
  }
  for (std::int64_t i = 0; i < data.x.size(); ++i) {
    check_finite((*data.y_steps)[i], fmt::format("sequence {} of y", i));
    if (data.y_steps->length(i) == data.x.length(i)) continue;
    throw Error(fmt::format("sequence {} of x has {} steps, its targets have {}", i,
                            data.x.length(i), data.y_steps->length(i)),
                "give a target for each step");
  }
}

std::vector<Bucket> sequence_buckets(const SequenceData& data, const BucketOptions& options,
                                     bool shuffle, const Epoch& epoch) {
  return sequence_buckets(data.x.lengths(), options, shuffle, epoch);
}

std::vector<Bucket> sequence_buckets(std::span<const std::int64_t> lengths,
                                     const BucketOptions& options, bool shuffle,
                                     const Epoch& epoch) {
  constexpr std::uint64_t of_batches = 0x9E3779B97F4A7C15U;
  const std::vector<std::int64_t> order =
      epoch_order(static_cast<std::int64_t>(lengths.size()), shuffle, epoch);
  std::vector<std::int64_t> ordered;
  for (const std::int64_t index : order)
    ordered.push_back(lengths[static_cast<std::size_t>(index)]);
  std::vector<Bucket> buckets = bucket_by_length(ordered, options);
  for (Bucket& bucket : buckets) {
    for (std::int64_t& index : bucket) index = order[static_cast<std::size_t>(index)];
  }
  const auto count = static_cast<std::int64_t>(buckets.size());
  std::vector<Bucket> drawn;
  for (const std::int64_t index :
       epoch_order(count, shuffle, {epoch.seed ^ of_batches, epoch.number}))
    drawn.push_back(std::move(buckets[static_cast<std::size_t>(index)]));
  return drawn;
}

void fill_sequence_batch(const SequenceData& data, const Bucket& rows, Batch& to) {
  to.x = TensorList({data.x.padded(rows)});
  const Tensor mask = data.x.mask(rows);
  to.masks = mask ? TensorList({mask}) : TensorList();
  if (data.y_steps) {
    to.y = TensorList({data.y_steps->padded(rows)});
  } else {
    gather_rows(data.y, rows, to.y);
  }
  gather_rows(data.sample_weight, rows, to.sample_weight);
}

std::shared_ptr<const Dataset::Source> sequence_rows(SequenceData data, bool shuffle) {
  return std::make_shared<SequenceRows>(std::move(data), shuffle);
}

std::shared_ptr<const Dataset::Source> sequence_batches(SequenceData data,
                                                        const BucketOptions& options,
                                                        bool shuffle) {
  return std::make_shared<SequenceBatches>(std::move(data), options, shuffle);
}

}  // namespace chronicler
