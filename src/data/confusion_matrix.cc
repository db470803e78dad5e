#include "chronicler/data/confusion_matrix.h"

#include <numeric>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler::data {
namespace {

double ratio(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

ConfusionMatrix::ConfusionMatrix(std::int64_t classes)
    : classes_(classes), counts_(static_cast<std::size_t>(classes * classes)) {}

ConfusionMatrix::ConfusionMatrix(std::int64_t classes, std::span<const std::int32_t> truth,
                                 std::span<const std::int32_t> predicted)
    : ConfusionMatrix(classes) {
  if (truth.size() != predicted.size())
    throw Error(fmt::format("{} truths, but {} answers", truth.size(), predicted.size()));
  for (std::size_t i = 0; i < truth.size(); ++i) add(truth[i], predicted[i]);
}

void ConfusionMatrix::add(std::int32_t truth, std::int32_t predicted) {
  for (const std::int32_t each : {truth, predicted}) {
    if (each < 0 || each >= classes_)
      throw Error(fmt::format("class {} is not in 0..{}", each, classes_ - 1));
  }
  ++counts_[static_cast<std::size_t>(truth * classes_ + predicted)];
}

std::int64_t ConfusionMatrix::count(std::int64_t truth, std::int64_t predicted) const {
  return counts_.at(static_cast<std::size_t>(truth * classes_ + predicted));
}

std::int64_t ConfusionMatrix::total() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::int64_t{0});
}

std::int64_t ConfusionMatrix::sum(std::int64_t of, bool truth) const {
  std::int64_t sum = 0;
  for (std::int64_t other = 0; other < classes_; ++other)
    sum += truth ? count(of, other) : count(other, of);
  return sum;
}

double ConfusionMatrix::accuracy() const {
  std::int64_t right = 0;
  for (std::int64_t of = 0; of < classes_; ++of) right += count(of, of);
  return ratio(right, total());
}

double ConfusionMatrix::precision(std::int64_t of) const {
  return ratio(count(of, of), sum(of, false));
}
double ConfusionMatrix::recall(std::int64_t of) const {
  return ratio(count(of, of), sum(of, true));
}
double ConfusionMatrix::f1(std::int64_t of) const {
  return ratio(2 * count(of, of), sum(of, false) + sum(of, true));
}

double ConfusionMatrix::macro_f1() const {
  double sum_of_all = 0.0;
  std::int64_t occurring = 0;
  for (std::int64_t of = 0; of < classes_; ++of) {
    if (sum(of, true) == 0) continue;
    sum_of_all += f1(of);
    ++occurring;
  }
  return occurring == 0 ? 0.0 : sum_of_all / static_cast<double>(occurring);
}

}  // namespace chronicler::data
