#include "chronicler/decoding/ngram_model.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler::decoding {
namespace {

// splitmix64's mixer (Steele, Lea, Flood 2014). Two histories of a text of a million pieces meet in
// one of 2^64 keys with a chance of 1e-7.
std::uint64_t mixed(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31U);
}

// Longer by one piece.
std::uint64_t joined(std::uint64_t key, std::uint16_t id) {
  return mixed(key ^ (std::uint64_t{id} + 1));
}

constexpr std::uint64_t empty_history = 1;

// The keys of the last 0, 1, ... pieces before position t, newest piece first.
template <class At>
void history_keys(std::int64_t t, int orders, const At& at, std::uint64_t* keys) {
  keys[0] = empty_history;
  for (int n = 1; n < orders; ++n) {
    if (t - n < 0) {
      keys[n] = 0;
    } else {
      keys[n] = keys[n - 1] == 0 ? 0 : joined(keys[n - 1], at(t - n));
    }
  }
}

}  // namespace

NgramModel::Entry& NgramModel::Table::at(std::uint64_t key) {
  if (used_ * 2 >= entries_.size()) grow();
  const std::size_t mask = entries_.size() - 1;
  std::size_t i = key & mask;
  while (entries_[i].key != 0 && entries_[i].key != key) i = (i + 1) & mask;
  if (entries_[i].key == 0) {
    entries_[i].key = key;
    ++used_;
  }
  return entries_[i];
}

const NgramModel::Entry* NgramModel::Table::find(std::uint64_t key) const {
  const std::size_t mask = entries_.size() - 1;
  std::size_t i = key & mask;
  while (entries_[i].key != 0 && entries_[i].key != key) i = (i + 1) & mask;
  return entries_[i].key == 0 ? nullptr : &entries_[i];
}

void NgramModel::Table::grow() {
  std::vector<Entry> old(entries_.size() * 2);
  old.swap(entries_);
  const std::size_t mask = entries_.size() - 1;
  for (const Entry& entry : old) {
    if (entry.key == 0) continue;
    std::size_t i = entry.key & mask;
    while (entries_[i].key != 0) i = (i + 1) & mask;
    entries_[i] = entry;
  }
}

NgramModel::NgramModel(std::span<const std::uint16_t> ids, std::int64_t pieces, int orders)
    : uniform_(1.0 / static_cast<double>(std::max<std::int64_t>(pieces, 1))), orders_(orders) {
  if (orders < 1 || orders > most_orders)
    throw Error(fmt::format("n-gram orders must be 1 to {}, got {}", most_orders, orders));
  if (ids.empty()) throw Error("an n-gram model needs a text to count");
  histories_.resize(static_cast<std::size_t>(orders));
  grams_.resize(static_cast<std::size_t>(orders));
  std::uint64_t keys[most_orders];
  for (std::size_t t = 0; t < ids.size(); ++t) {
    history_keys(
        static_cast<std::int64_t>(t), orders,
        [&](std::int64_t i) { return ids[static_cast<std::size_t>(i)]; }, keys);
    for (std::size_t n = 0; n < static_cast<std::size_t>(orders) && keys[n] != 0; ++n) {
      Entry& gram = grams_[n].at(joined(~keys[n], ids[t]));
      Entry& history = histories_[n].at(keys[n]);
      history.followers += gram.count == 0 ? 1 : 0;
      ++gram.count;
      ++history.count;
    }
  }
}

template <class Use>
void NgramModel::probabilities(const std::uint64_t* keys, std::uint16_t next,
                               const Use& use) const {
  double probability = uniform_;
  for (std::size_t n = 0; n < static_cast<std::size_t>(orders_); ++n) {
    const Entry* history = keys[n] == 0 ? nullptr : histories_[n].find(keys[n]);
    if (history != nullptr) {
      const Entry* gram = grams_[n].find(joined(~keys[n], next));
      const double count = gram == nullptr ? 0.0 : gram->count;
      const double followers = history->followers;
      probability = (count + followers * probability) / (history->count + followers);
    }
    use(n, probability);
  }
}

std::vector<double> NgramModel::nats(std::span<const std::uint16_t> ids,
                                     std::span<const std::uint16_t> before) const {
  std::vector<double> sums(static_cast<std::size_t>(orders_), 0.0);
  std::uint64_t keys[most_orders];
  const auto offset = static_cast<std::int64_t>(before.size());
  const auto at = [&](std::int64_t i) {
    return i < offset ? before[static_cast<std::size_t>(i)]
                      : ids[static_cast<std::size_t>(i - offset)];
  };
  for (std::size_t t = 0; t < ids.size(); ++t) {
    history_keys(offset + static_cast<std::int64_t>(t), orders_, at, keys);
    probabilities(keys, ids[t],
                  [&](std::size_t n, double probability) { sums[n] -= std::log(probability); });
  }
  for (double& sum : sums) sum /= static_cast<double>(std::max<std::size_t>(ids.size(), 1));
  return sums;
}

double NgramModel::log_probability(std::span<const std::uint16_t> before,
                                   std::uint16_t next) const {
  std::uint64_t keys[most_orders];
  history_keys(
      static_cast<std::int64_t>(before.size()), orders_,
      [&](std::int64_t i) { return before[static_cast<std::size_t>(i)]; }, keys);
  double result = 0.0;
  probabilities(keys, next,
                [&](std::size_t, double probability) { result = std::log(probability); });
  return result;
}

}  // namespace chronicler::decoding
