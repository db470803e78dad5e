#include "training/dataset/source.h"

#include <algorithm>
#include <numeric>

#include "base/shuffle.h"
#include "chronicler/base/error.h"

namespace chronicler {

void Batches::Walk::skip(std::int64_t count) {
  for (std::int64_t i = 0; i < count && next() != nullptr; ++i) give();
}

Batch Dataset::Source::item(const BatchPlace& /*place*/) const {
  throw Error("the batches of this data set can only be had in their order");
}

std::shared_ptr<const Dataset::Source> Dataset::Source::batched(std::int64_t /*batch_size*/,
                                                                bool /*drop_remainder*/) const {
  return nullptr;
}

std::shared_ptr<const Dataset::Source> Dataset::Source::bucketed(
    const BucketOptions& /*options*/) const {
  return nullptr;
}

void ItemWalk::skip(std::int64_t count) {
  next_ = std::min(order_.size(), next_ + static_cast<std::size_t>(count));
}

std::optional<Batch> ItemWalk::make() {
  if (next_ == order_.size()) return {};
  return source_->item({epoch_, order_[next_++]});
}

std::vector<std::int64_t> epoch_order(std::int64_t size, bool shuffle, const Epoch& epoch) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(size));
  std::iota(order.begin(), order.end(), 0);
  if (!shuffle) return order;
  chronicler::shuffle(order, Random(epoch.seed), static_cast<std::uint64_t>(epoch.number));
  return order;
}

}  // namespace chronicler
