// What the loops of fit and evaluate walk over: a data set cut into batches.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "chronicler/base/sequence_list.h"
#include "training/trainer.h"

namespace chronicler {

class Batches {
 public:
  virtual ~Batches() = default;
  virtual std::int64_t samples() const = 0;
  virtual std::int64_t count() const = 0;  // of batches in an epoch
  // The order of the samples, which depends on seed and epoch only.
  virtual void begin_epoch(std::uint64_t seed, std::int64_t epoch) = 0;
  // Valid until the next call.
  virtual const Dataset& batch(std::int64_t index) = 0;
  // Lets the trainer look at all data before it begins.
  virtual void prepare(Trainer& trainer, Model& model) = 0;
};

// 0, 1, ..., or these in the order of an epoch: Fisher and Yates, from counted draws.
std::vector<std::int64_t> epoch_order(std::int64_t size, bool shuffle, std::uint64_t seed,
                                      std::int64_t epoch);

// Rows of tensors. With `gathers`, each batch is copied side by side into tensors that are used
// again for every batch of that size; without, batches are parts of the data in its own order.
class TensorBatches final : public Batches {
 public:
  TensorBatches(Dataset data, std::int64_t batch_size, const std::optional<std::int64_t>& limit,
                bool gathers, bool shuffle);

  const Dataset& data() const { return data_; }
  std::int64_t samples() const override { return data_.size(); }
  std::int64_t count() const override { return count_; }
  void begin_epoch(std::uint64_t seed, std::int64_t epoch) override;
  const Dataset& batch(std::int64_t index) override;
  void prepare(Trainer& trainer, Model& model) override { trainer.prepare(model, data_); }

 private:
  Dataset data_;
  std::int64_t batch_size_;
  std::int64_t count_;
  bool gathers_;
  bool shuffle_;
  std::vector<std::int64_t> order_;
  Dataset batch_;
};

// Sequences of different lengths and what belongs to each.
struct SequenceData {
  SequenceList x;
  TensorList y = {};                         // a row a sequence; or
  std::optional<SequenceList> y_steps = {};  // a target a step
  TensorList sample_weight = {};             // (N)

  SequenceData part(std::int64_t begin, std::int64_t end) const;
};

// Batches of sequences that are neighbours in length.
class SequenceBatches final : public Batches {
 public:
  // Builds the model for any number of steps if it is not built. Throws Error if it cannot take
  // sequences of different lengths, or if the data do not fit together.
  SequenceBatches(Model& model, SequenceData data, std::int64_t batch_size,
                  const std::optional<std::int64_t>& limit, bool shuffle);

  std::int64_t samples() const override { return data_.x.size(); }
  std::int64_t count() const override { return count_; }
  void begin_epoch(std::uint64_t seed, std::int64_t epoch) override;
  const Dataset& batch(std::int64_t index) override;
  void prepare(Trainer& trainer, Model& model) override;
  // Which sequences are in a batch.
  const Bucket& bucket(std::int64_t index) const {
    return buckets_[static_cast<std::size_t>(index)];
  }

 private:
  Model& model_;
  SequenceData data_;
  BucketOptions options_;
  bool shuffle_;
  std::int64_t count_ = 0;
  std::vector<Bucket> buckets_;
  Dataset batch_;
};

// Whether padding changes nothing: every layer of the model knows masks.
bool knows_masks(const Model& model);

}  // namespace chronicler
