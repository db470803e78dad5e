// What a Dataset is made of: sources that describe batches, and walks that make them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "chronicler/training/dataset.h"

namespace chronicler {

// The batches of one pass, made one after the other.
class Batches::Walk {
 public:
  virtual ~Walk() = default;
  // Null at the end. Valid until the next call.
  virtual const Batch* next() = 0;
  virtual void skip(std::int64_t count);
  // Of this pass, where it is known although the source does not know it for every pass.
  virtual std::optional<std::int64_t> size() const { return {}; }
  // The batch that next() gave last, to keep: nothing writes into its tensors any more.
  virtual Batch give() = 0;
};

class Dataset::Source : public std::enable_shared_from_this<Dataset::Source> {
 public:
  virtual ~Source() = default;
  virtual std::optional<std::int64_t> size() const = 0;
  // Rows of all batches of a pass; empty if that is not known.
  virtual std::optional<std::int64_t> rows() const { return {}; }
  // Whether each item is one row.
  virtual bool has_single_rows() const { return false; }
  virtual std::unique_ptr<Batches::Walk> walk(const Epoch& epoch) const = 0;

  // Whether item() gives any item at any time, to several threads at once.
  virtual bool has_items() const { return false; }
  virtual Batch item(const BatchPlace& place) const;
  // Whether the tensors of a batch are the data themselves: then nobody may write into them.
  virtual bool shares_data() const { return false; }

  // Quicker ways to what batch(), padded_batch(), bucket_by_length() and shuffle() make of any
  // source; null if there is none.
  virtual std::shared_ptr<const Source> shuffled() const { return nullptr; }
  virtual std::shared_ptr<const Source> batched(std::int64_t batch_size, bool drop_remainder) const;
  virtual std::shared_ptr<const Source> bucketed(const BucketOptions& options) const;
};

// Walks that make a batch anew each time.
class MakingWalk : public Batches::Walk {
 public:
  const Batch* next() final {
    std::optional<Batch> made = make();
    if (!made) return nullptr;
    batch_ = *std::move(made);
    return &batch_;
  }
  Batch give() final { return std::move(batch_); }

 protected:
  virtual std::optional<Batch> make() = 0;

 private:
  Batch batch_;
};

// Walks over a source's items in any order.
class ItemWalk : public MakingWalk {
 public:
  ItemWalk(std::shared_ptr<const Dataset::Source> source, const Epoch& epoch,
           std::vector<std::int64_t> order)
      : source_(std::move(source)), epoch_(epoch), order_(std::move(order)) {}
  void skip(std::int64_t count) override;

 protected:
  std::optional<Batch> make() override;

 private:
  std::shared_ptr<const Dataset::Source> source_;
  Epoch epoch_;
  std::vector<std::int64_t> order_;
  std::size_t next_ = 0;
};

// 0, 1, ..., or these in the order of an epoch: Fisher and Yates, from counted draws.
std::vector<std::int64_t> epoch_order(std::int64_t size, bool shuffle, const Epoch& epoch);

}  // namespace chronicler
