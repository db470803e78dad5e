// Which samples go through a network together, so that little of a batch is padding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "chronicler/base/random.h"

namespace chronicler::tasks {

// A new order for each epoch: samples at random, then by length within stretches of some batches;
// the batches at random again.
class LengthBatches {
 public:
  // lengths[i]: of sample i. A stretch is so many batches.
  LengthBatches(std::vector<std::size_t> lengths, std::size_t batch_size, std::size_t stretch,
                const Random& random);

  void begin_epoch(std::int64_t epoch);
  std::size_t count() const { return batches_.size(); }
  // The samples of a batch of the epoch that was begun.
  std::span<const std::size_t> operator[](std::size_t number) const;

 private:
  std::vector<std::size_t> lengths_;
  std::size_t batch_size_;
  std::size_t stretch_;
  Random random_;
  std::vector<std::size_t> samples_;
  std::vector<std::size_t> batches_;
};

}  // namespace chronicler::tasks
