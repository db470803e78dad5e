#include "training/dataset/tensor_rows.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "training/dataset/batch_rows.h"

namespace chronicler {
namespace {

// Batches [begin, begin + batch_size) of an order of the rows.
class GatheringWalk final : public Batches::Walk {
 public:
  GatheringWalk(const Batch& data, std::vector<std::int64_t> order, std::int64_t batch_size,
                std::int64_t count)
      : data_(data), order_(std::move(order)), batch_size_(batch_size), count_(count) {}

  const Batch* next() override {
    if (index_ == count_) return nullptr;
    const auto begin = static_cast<std::size_t>(index_++ * batch_size_);
    if (batch_size_ == 1) {  // lies there as it is: a sequence may be long
      batch_ = data_.rows(order_[begin], order_[begin] + 1);
      return &batch_;
    }
    const std::size_t size = std::min(static_cast<std::size_t>(batch_size_), order_.size() - begin);
    gather_rows(data_, std::span(order_).subspan(begin, size), batch_);
    return &batch_;
  }
  void skip(std::int64_t count) override { index_ = std::min(count_, index_ + count); }
  Batch give() override { return std::exchange(batch_, Batch()); }

 private:
  Batch data_;
  std::vector<std::int64_t> order_;
  std::int64_t batch_size_;
  std::int64_t count_;
  std::int64_t index_ = 0;
  Batch batch_;
};

class TensorBatches final : public Dataset::Source {
 public:
  TensorBatches(Batch data, std::int64_t batch_size, bool shuffle, bool drop_remainder)
      : data_(std::move(data)),
        batch_size_(batch_size),
        count_((data_.size() + (drop_remainder ? 0 : batch_size - 1)) / batch_size),
        shuffle_(shuffle) {}

  std::optional<std::int64_t> size() const override { return count_; }
  std::optional<std::int64_t> rows() const override {
    return std::min(data_.size(), count_ * batch_size_);
  }
  std::unique_ptr<Batches::Walk> walk(const Epoch& epoch) const override {
    if (!shuffle_)
      return std::make_unique<ItemWalk>(shared_from_this(), epoch,
                                        epoch_order(count_, false, epoch));
    return std::make_unique<GatheringWalk>(data_, epoch_order(data_.size(), true, epoch),
                                           batch_size_, count_);
  }
  bool has_items() const override { return !shuffle_; }
  Batch item(const BatchPlace& place) const override {
    const std::int64_t begin = place.index * batch_size_;
    return data_.rows(begin, std::min(data_.size(), begin + batch_size_));
  }
  bool shares_data() const override { return !shuffle_ || batch_size_ == 1; }

 private:
  Batch data_;
  std::int64_t batch_size_;
  std::int64_t count_;
  bool shuffle_;
};

class TensorRows final : public Dataset::Source {
 public:
  TensorRows(Batch data, bool shuffle) : data_(std::move(data)), shuffle_(shuffle) {}

  std::optional<std::int64_t> size() const override { return data_.size(); }
  std::optional<std::int64_t> rows() const override { return data_.size(); }
  bool has_single_rows() const override { return true; }
  std::unique_ptr<Batches::Walk> walk(const Epoch& epoch) const override {
    return std::make_unique<ItemWalk>(shared_from_this(), epoch,
                                      epoch_order(data_.size(), shuffle_, epoch));
  }
  bool has_items() const override { return !shuffle_; }
  Batch item(const BatchPlace& place) const override {
    return data_.rows(place.index, place.index + 1);
  }
  bool shares_data() const override { return true; }
  std::shared_ptr<const Source> shuffled() const override { return tensor_rows(data_, true); }
  std::shared_ptr<const Source> batched(std::int64_t batch_size,
                                        bool drop_remainder) const override {
    return tensor_batches(data_, batch_size, shuffle_, drop_remainder);
  }

 private:
  Batch data_;
  bool shuffle_;
};

}  // namespace

std::shared_ptr<const Dataset::Source> tensor_rows(Batch data, bool shuffle) {
  return std::make_shared<TensorRows>(std::move(data), shuffle);
}

std::shared_ptr<const Dataset::Source> tensor_batches(Batch data, std::int64_t batch_size,
                                                      bool shuffle, bool drop_remainder) {
  return std::make_shared<TensorBatches>(std::move(data), batch_size, shuffle, drop_remainder);
}

}  // namespace chronicler
