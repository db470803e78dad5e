#include "tasks/transcribe/loudness.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <utility>

namespace chronicler::tasks {
namespace {

// ln of the energy of each frame of so many samples.
std::vector<double> levels_of(std::span<const float> samples, std::size_t frame) {
  std::vector<double> levels;
  for (std::size_t at = 0; at + frame <= samples.size(); at += frame) {
    double energy = 1e-9;
    for (std::size_t i = at; i < at + frame; ++i)
      energy += static_cast<double>(samples[i]) * samples[i];
    levels.push_back(std::log(energy));
  }
  return levels;
}

struct Loudness {
  double quiet;
  double loud;

  explicit Loudness(std::vector<double> levels) {
    // No room is more silent: where it is, nothing was recorded.
    constexpr double most_contrast = 60.0 * std::numbers::ln10 / 10.0;
    std::sort(levels.begin(), levels.end());
    loud = levels[levels.size() * 19 / 20];
    quiet = std::max(levels[levels.size() / 10], loud - most_contrast);
  }
  double border() const { return quiet + 0.5 * (loud - quiet); }
};

struct LoudRun {
  std::size_t begin;
  std::size_t end;
};

// Loud frames; those with less than the shortest pause between are one run.
std::vector<LoudRun> loud_runs(const std::vector<double>& levels, std::size_t shortest) {
  const double border = Loudness(levels).border();
  std::vector<LoudRun> runs;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (levels[i] < border) continue;
    if (runs.empty() || i - runs.back().end >= shortest) runs.push_back({i, i});
    runs.back().end = i + 1;
  }
  std::erase_if(runs, [&](const LoudRun& run) { return run.end - run.begin < shortest; });
  return runs;
}

}  // namespace

std::vector<std::size_t> cuts_in_pauses(std::span<const float> samples, std::size_t words,
                                        int rate) {
  constexpr std::size_t shortest = 4;  // frames of 20 ms that a word or a pause lasts
  const auto frame = static_cast<std::size_t>(rate / 50);
  const std::vector<double> levels = levels_of(samples, frame);
  if (levels.empty()) return {};
  const std::vector<LoudRun> runs = loud_runs(levels, shortest);
  if (runs.size() != words) return {};
  std::vector<std::size_t> cuts{0};
  for (std::size_t i = 1; i < runs.size(); ++i)
    cuts.push_back((runs[i - 1].end + runs[i].begin) / 2 * frame);
  cuts.push_back(samples.size());
  return cuts;
}

namespace {

constexpr double fit_frame = 0.01;  // seconds

// If it is loud as often as there are words, and each time while the network wrote a word or the
// pause after it, the words are said there.
bool fit_to_runs(std::span<SaidSpan> words, const std::vector<LoudRun>& runs) {
  if (runs.size() != words.size()) return false;
  const auto begin_of = [&](std::size_t i) {
    return static_cast<double>(runs[i].begin) * fit_frame;
  };
  const auto end_of = [&](std::size_t i) { return static_cast<double>(runs[i].end) * fit_frame; };
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (words[i].begin >= end_of(i)) return false;
    if (i + 1 < runs.size() && words[i + 1].begin <= begin_of(i)) return false;
  }
  for (std::size_t i = 0; i < runs.size(); ++i) words[i] = {begin_of(i), end_of(i)};
  return true;
}

// Begins and ends where it is loud, before the limit; a word that was written before it was said
// goes on until the next pause. Left as it is where it is quiet until the limit.
void fit_word(SaidSpan& word, double limit_seconds, const std::vector<double>& levels,
              double border) {
  constexpr std::int64_t pause = 8;  // frames
  const auto count = static_cast<std::int64_t>(levels.size());
  const auto is_loud = [&](std::int64_t at) {
    return levels[static_cast<std::size_t>(at)] >= border;
  };
  const auto frame_at = [&](double seconds) {
    return std::clamp<std::int64_t>(std::llround(seconds / fit_frame), 0, count);
  };
  const std::int64_t limit = frame_at(limit_seconds);
  std::int64_t begin = frame_at(word.begin);
  while (begin < limit && !is_loud(begin)) ++begin;
  if (begin >= limit) return;
  std::int64_t end = std::min(frame_at(word.end), limit);
  if (end > begin) {
    while (!is_loud(end - 1)) --end;
  } else {
    end = begin + 1;
    for (std::int64_t at = end; at < limit && at - end < pause; ++at) {
      if (is_loud(at)) end = at + 1;
    }
  }
  word.begin = std::max(word.begin, static_cast<double>(begin) * fit_frame);
  word.end = std::max(word.begin, static_cast<double>(end) * fit_frame);
}

}  // namespace

void fit_to_sound(std::span<SaidSpan> words, std::span<const float> samples, int rate) {
  constexpr double least_contrast = 3.0;  // ln of energies, 13 dB: with less, nothing can be said
  const std::vector<double> levels =
      levels_of(samples, static_cast<std::size_t>(std::lround(rate * fit_frame)));
  if (levels.empty()) return;
  const Loudness loudness(levels);
  if (loudness.loud - loudness.quiet < least_contrast) return;
  for (const std::size_t pause : {8U, 4U}) {  // frames
    if (fit_to_runs(words, loud_runs(levels, pause))) return;
  }
  const double all = static_cast<double>(levels.size()) * fit_frame;
  for (std::size_t i = 0; i < words.size(); ++i)
    fit_word(words[i], i + 1 < words.size() ? words[i + 1].begin : all, levels, loudness.border());
}

std::vector<std::size_t> quiet_cuts(std::span<const float> samples, std::size_t longest) {
  std::vector<std::size_t> cuts;
  std::size_t begin = 0;
  const std::size_t window = std::max<std::size_t>(longest / 200, 1);
  while (samples.size() - begin > longest) {
    std::size_t best = begin + longest - window;
    double least = -1.0;
    for (std::size_t at = begin + longest / 2; at + window <= begin + longest; at += window) {
      double energy = 0.0;
      for (std::size_t i = at; i < at + window; ++i)
        energy += static_cast<double>(samples[i]) * samples[i];
      if (least >= 0.0 && energy >= least) continue;
      least = energy;
      best = at;
    }
    begin = best + window / 2;
    cuts.push_back(begin);
  }
  return cuts;
}

}  // namespace chronicler::tasks
