#include "tasks/transcribe/linear_words.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace chronicler::tasks {
namespace {

constexpr std::int64_t times = 10;
constexpr std::int64_t heights = 20;
using Picture = std::array<float, static_cast<std::size_t>(times* heights)>;

// Piece `index` of `pieces` of an axis of `size`; at least one number.
struct Piece {
  std::int64_t begin;
  std::int64_t end;

  Piece(std::int64_t index, std::int64_t pieces, std::int64_t size)
      : begin(std::min(index * size / pieces, size - 1)),
        end(std::max((index + 1) * size / pieces, begin + 1)) {}
};

Picture picture_of(const data::LogMel& log_mel, std::span<const float> sound) {
  const Tensor energies = log_mel(sound);
  const std::int64_t bands = energies.shape()[1];
  const float* from = energies.as<float>();
  Picture picture;
  for (std::int64_t i = 0; i < times; ++i) {
    const Piece frames(i, times, energies.shape()[0]);
    for (std::int64_t j = 0; j < heights; ++j) {
      const Piece some(j, heights, bands);
      double sum = 0.0;
      for (std::int64_t t = frames.begin; t < frames.end; ++t) {
        for (std::int64_t b = some.begin; b < some.end; ++b) sum += double{from[t * bands + b]};
      }
      const auto count = static_cast<double>((frames.end - frames.begin) * (some.end - some.begin));
      picture[static_cast<std::size_t>(i * heights + j)] = static_cast<float>(sum / count);
    }
  }
  return picture;
}

LinearMap best_map(std::span<const Moments> folds) {
  Moments all = folds.front();
  for (const Moments& fold : folds.subspan(1)) all += fold;
  std::vector<std::int64_t> chosen(static_cast<std::size_t>(all.features()));
  std::iota(chosen.begin(), chosen.end(), std::int64_t{0});
  double best_penalty = 0.0;
  double least = -1.0;
  for (const double penalty : {1e-4, 1e-3, 1e-2, 1e-1, 1.0}) {
    double error = 0.0;
    for (const Moments& fold : folds) {
      Moments others = all;
      others -= fold;
      error += mean_squared_error(fold, solve_ridge(others, chosen, penalty));
    }
    if (least >= 0.0 && error >= least) continue;
    least = error;
    best_penalty = penalty;
  }
  return solve_ridge(all, chosen, best_penalty);
}

}  // namespace

LinearWords::LinearWords(const data::LogMel& log_mel, std::span<const std::vector<float>> sounds,
                         std::span<const std::int32_t> labels, std::int64_t classes) {
  constexpr std::size_t fold_count = 4;
  std::vector<Moments> folds(fold_count, Moments(times * heights, classes));
  std::vector<float> goals(static_cast<std::size_t>(classes));
  for (std::size_t i = 0; i < sounds.size(); ++i) {
    const Picture picture = picture_of(log_mel, sounds[i]);
    std::fill(goals.begin(), goals.end(), 0.0F);
    goals[static_cast<std::size_t>(labels[i])] = 1.0F;
    folds[i % fold_count].add(1, picture.data(), goals.data());
  }
  map_ = best_map(folds);
}

std::int32_t LinearWords::label(const data::LogMel& log_mel, std::span<const float> sound) const {
  const Picture picture = picture_of(log_mel, sound);
  std::vector<double> scores = map_.intercept;
  for (std::size_t i = 0; i < picture.size(); ++i) {
    for (std::size_t k = 0; k < scores.size(); ++k)
      scores[k] += double{picture[i]} * map_.weights[i * scores.size() + k];
  }
  return static_cast<std::int32_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

}  // namespace chronicler::tasks
