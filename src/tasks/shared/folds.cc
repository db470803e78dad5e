#include "tasks/shared/folds.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/shuffle.h"
#include "chronicler/base/option_error.h"
#include "chronicler/base/random.h"

namespace chronicler::tasks {

constexpr std::int64_t fewest_folds = 2;
constexpr std::int64_t most_folds = 20;

std::vector<std::int64_t> folds_of(std::span<const std::int32_t> classes, std::int64_t folds,
                                   std::uint64_t seed, std::string_view samples) {
  if (static_cast<std::int64_t>(classes.size()) < folds) {
    throw Error(
        fmt::format("{} folds need at least as many {}, got {}", folds, samples, classes.size()),
        "use fewer folds");
  }
  std::vector<std::size_t> order(classes.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  constexpr std::uint64_t stream = 1ULL << 43U;
  shuffle(order, Random(seed), stream);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return classes[a] < classes[b]; });
  std::vector<std::int64_t> result(classes.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    result[order[i]] = static_cast<std::int64_t>(i) % folds;
  return result;
}

std::vector<std::int64_t> folds_of(std::size_t count, std::int64_t folds, std::uint64_t seed,
                                   std::string_view samples) {
  return folds_of(std::vector<std::int32_t>(count, 0), folds, seed, samples);
}

std::vector<std::int64_t> folds_by_key(std::span<const std::string> keys, std::int64_t folds,
                                       std::uint64_t seed, std::string_view samples) {
  std::map<std::string_view, std::size_t> places;
  for (const std::string& key : keys) places.emplace(key, places.size());
  const std::vector<std::int64_t> fold_of = folds_of(places.size(), folds, seed, samples);
  std::vector<std::int64_t> result;
  for (const std::string& key : keys) result.push_back(fold_of[places.at(key)]);
  return result;
}

void check_folds(std::int64_t folds, bool is_resumed, bool is_paused) {
  if (folds < fewest_folds || folds > most_folds) {
    throw Error(
        fmt::format("folds must be from {} to {}, got {}", fewest_folds, most_folds, folds));
  }
  if (is_resumed || is_paused) {
    throw Error("a cross-validation cannot be paused or resumed",
                "leave out resume and stop_after");
  }
}

void throw_of_fold(const Error& error, std::int64_t fold, std::int64_t folds) {
  const std::string place = fmt::format("fold {} of {}: ", fold, folds);
  const auto* of_options = dynamic_cast<const OptionError*>(&error);
  if (of_options == nullptr) throw Error(place + error.message(), error.hint());
  const auto marked = [](std::string_view option) { return fmt::format("{{{}}}", option); };
  throw OptionError(place + of_options->message_with(marked), of_options->hint_with(marked));
}

TaskProgressFunction progress_of_fold(TaskProgressFunction progress, std::int64_t fold,
                                      std::int64_t folds) {
  using Clock = std::chrono::steady_clock;
  if (!progress) return {};
  return [progress = std::move(progress), fold, folds,
          began = Clock::now()](const TaskProgress& of_training) {
    TaskProgress now = of_training;
    now.fold = fold;
    now.folds = folds;
    const double gone = std::chrono::duration<double>(Clock::now() - began).count();
    now.seconds_left += static_cast<double>(folds - fold) * (gone + now.seconds_left);
    return progress(now);
  };
}

}  // namespace chronicler::tasks
