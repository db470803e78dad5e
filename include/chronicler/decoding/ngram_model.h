// The language model that needs no network: counts of what followed the last few pieces.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace chronicler::decoding {

// Interpolated Witten-Bell (Witten and Bell 1991) of all orders up to `orders`:
// p_n(w | h) = (c(h w) + t(h) p_(n-1)(w | h')) / (c(h) + t(h)), with c counts, t(h) how many
// different pieces followed h, h' the history without its oldest piece, and p_0 = 1 / pieces. Order
// n looks at n - 1 pieces back.
class NgramModel {
 public:
  static constexpr int most_orders = 12;

  // Ids are below `pieces`. Throws Error for an order outside 1 ... most_orders, or no text.
  NgramModel(std::span<const std::uint16_t> ids, std::int64_t pieces, int orders = 6);

  // The mean of -ln p over a text, for each order from 1 on; the histories reach back into
  // `before`, the end of what comes before it.
  std::vector<double> nats(std::span<const std::uint16_t> ids,
                           std::span<const std::uint16_t> before = {}) const;
  // ln p of a piece after what comes before it, by the highest order.
  double log_probability(std::span<const std::uint16_t> before, std::uint16_t next) const;
  int orders() const { return orders_; }

 private:
  struct Entry {
    std::uint64_t key = 0;  // a hash of the history, or of history and piece; 0: nothing
    std::uint32_t count = 0;
    std::uint32_t followers = 0;  // different pieces, of a history
  };
  // Open addressing: twenty million look-ups have to take no more than seconds.
  class Table {
   public:
    Entry& at(std::uint64_t key);
    const Entry* find(std::uint64_t key) const;

   private:
    void grow();
    std::vector<Entry> entries_ = std::vector<Entry>(1024);
    std::size_t used_ = 0;
  };

  // p of a piece by each order in turn, from the keys of the histories.
  template <class Use>
  void probabilities(const std::uint64_t* keys, std::uint16_t next, const Use& use) const;

  double uniform_;
  int orders_;
  std::vector<Table> histories_;  // of each order
  std::vector<Table> grams_;
};

}  // namespace chronicler::decoding
