// Cross-validation: K times, all but a K-th is learnt from, and that K-th is what the model is
// measured on.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chronicler/base/error.h"
#include "chronicler/tasks/task_progress.h"

namespace chronicler::tasks {

// The fold that tests each sample, from 0, drawn by the seed: folds are of one size, but for one
// sample, and each class is spread evenly over them. Throws Error for fewer samples than folds;
// `samples` is how they are called: "texts".
std::vector<std::int64_t> folds_of(std::span<const std::int32_t> classes, std::int64_t folds,
                                   std::uint64_t seed, std::string_view samples);
// The same where there are no classes.
std::vector<std::int64_t> folds_of(std::size_t count, std::int64_t folds, std::uint64_t seed,
                                   std::string_view samples);

// The same where samples of one key are in one fold, which are then about as large.
std::vector<std::int64_t> folds_by_key(std::span<const std::string> keys, std::int64_t folds,
                                       std::uint64_t seed, std::string_view samples);

// Throws Error unless there are 2 to 20 folds, and for a run that is paused or resumed: what a fold
// has learnt is not kept.
void check_folds(std::int64_t folds, bool is_resumed, bool is_paused);

// What the progress of a fold's training, numbered from 1, has besides: which fold it is, and how
// long the others take.
TaskProgressFunction progress_of_fold(TaskProgressFunction progress, std::int64_t fold,
                                      std::int64_t folds);

// The options of a fold's training: as those of the whole, without a checkpoint.
template <class Options>
Options options_of_fold(Options options, std::int64_t fold, std::int64_t folds) {
  options.checkpoint.clear();
  options.progress = progress_of_fold(std::move(options.progress), fold, folds);
  if constexpr (requires { options.on_start; }) options.on_start = {};
  if constexpr (requires { options.say; }) options.say = {};
  return options;
}

// Throws an error like that of a fold's training, which says which fold it was.
[[noreturn]] void throw_of_fold(const Error& error, std::int64_t fold, std::int64_t folds);

// train(options, number) of each fold, from 0, until one is paused: gives no score then.
template <class Score, class Options, class Train>
std::vector<Score> cross_validated(const Options& options, std::int64_t folds, const Train& train) {
  check_folds(folds, options.resume, options.stop_after.has_value());
  std::vector<Score> scores;
  for (std::int64_t fold = 0; fold < folds; ++fold) {
    try {
      std::optional<Score> score = train(options_of_fold(options, fold + 1, folds), fold);
      if (!score) break;
      scores.push_back(*std::move(score));
    } catch (const Error& error) {
      throw_of_fold(error, fold + 1, folds);
    }
  }
  return scores;
}

}  // namespace chronicler::tasks
