#include "tasks/shared/length_batches.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/shuffle.h"

namespace chronicler::tasks {

LengthBatches::LengthBatches(std::vector<std::size_t> lengths, std::size_t batch_size,
                             std::size_t stretch, const Random& random)
    : lengths_(std::move(lengths)),
      batch_size_(batch_size),
      stretch_(stretch),
      random_(random),
      samples_(lengths_.size()),
      batches_((lengths_.size() + batch_size - 1) / batch_size) {
  begin_epoch(0);
}

void LengthBatches::begin_epoch(std::int64_t epoch) {
  const auto stream = static_cast<std::uint64_t>(epoch);
  std::iota(samples_.begin(), samples_.end(), std::size_t{0});
  shuffle(samples_, random_, stream);
  const std::size_t stretch = stretch_ * batch_size_;
  for (std::size_t begin = 0; begin < samples_.size(); begin += stretch) {
    const auto part =
        std::span(samples_).subspan(begin, std::min(stretch, samples_.size() - begin));
    std::stable_sort(part.begin(), part.end(),
                     [&](std::size_t a, std::size_t b) { return lengths_[a] < lengths_[b]; });
  }
  std::iota(batches_.begin(), batches_.end(), std::size_t{0});
  shuffle(batches_, random_, stream, samples_.size());
}

std::span<const std::size_t> LengthBatches::operator[](std::size_t number) const {
  const std::size_t begin = batches_[number] * batch_size_;
  return std::span(samples_).subspan(begin, std::min(batch_size_, samples_.size() - begin));
}

}  // namespace chronicler::tasks
