#include "tasks/transcribe/reader.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

namespace chronicler::tasks {

namespace {

constexpr double kept_silence = 0.15;  // seconds; a longer pause says no more

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

// What is softer than the loudest by more than this is as loud as that.
void raise_silence(const Tensor& energies, double top_db) {
  const std::span<float> values = energies.span<float>();
  const float loudest = *std::max_element(values.begin(), values.end());
  const float least = loudest - static_cast<float>(top_db * std::numbers::ln10 / 10.0);
  for (float& value : values) value = std::max(value, least);
}

// Of each band.
void remove_own_mean(const Tensor& energies) {
  const std::int64_t frames = energies.shape()[0];
  const std::int64_t bands = energies.shape()[1];
  float* at = energies.as<float>();
  for (std::int64_t b = 0; b < bands; ++b) {
    double sum = 0.0;
    for (std::int64_t t = 0; t < frames; ++t) sum += double{at[t * bands + b]};
    const auto mean = static_cast<float>(sum / static_cast<double>(frames));
    for (std::int64_t t = 0; t < frames; ++t) at[t * bands + b] -= mean;
  }
}

}  // namespace

SpeechReader::SpeechReader(const data::LogMelOptions& options, SpeechSteps steps, SpeechLevel level)
    : log_mel_(options),
      steps_(steps),
      level_(level),
      mean_(static_cast<std::size_t>(options.bands), 0.0F),
      factor_(static_cast<std::size_t>(options.bands), 1.0F) {}

void SpeechReader::set_scale(std::vector<float> mean, std::vector<float> factor) {
  mean_ = std::move(mean);
  factor_ = std::move(factor);
}

void SpeechReader::learn_scale(std::span<const std::vector<float>> sounds) {
  const auto bands = static_cast<std::size_t>(log_mel_.bands());
  std::vector<double> sum(bands, 0.0);
  std::vector<double> squares(bands, 0.0);
  double count = 0.0;
  for (const std::vector<float>& sound : sounds) {
    const Tensor frames = log_mel_(sound);
    level_out(frames);
    for (std::int64_t i = 0; i < frames.size(); ++i) {
      const double value = frames.as<float>()[i];
      sum[static_cast<std::size_t>(i) % bands] += value;
      squares[static_cast<std::size_t>(i) % bands] += value * value;
    }
    count += static_cast<double>(frames.shape()[0]);
  }
  for (std::size_t b = 0; b < bands; ++b) {
    const double mean = sum[b] / std::max(count, 1.0);
    const double variance = std::max(squares[b] / std::max(count, 1.0) - mean * mean, 1e-4);
    mean_[b] = static_cast<float>(mean);
    factor_[b] = static_cast<float>(1.0 / std::sqrt(variance));
  }
}

void SpeechReader::scale(float* features, std::int64_t frames) const {
  const std::size_t bands = mean_.size();
  for (std::int64_t t = 0; t < frames; ++t, features += bands) {
    for (std::size_t b = 0; b < bands; ++b) features[b] = (features[b] - mean_[b]) * factor_[b];
  }
}

// Nothing was recorded: all of its bands are at the floor, where no room is.
bool SpeechReader::is_silent(const float* energies) const {
  constexpr float next_to_nothing = 0.1F;
  const float most = std::log(static_cast<float>(log_mel_.options().floor)) + next_to_nothing;
  return std::all_of(energies, energies + log_mel_.bands(),
                     [&](float energy) { return energy < most; });
}

void SpeechReader::fill_silence(const Tensor& energies) const {
  const std::int64_t bands = log_mel_.bands();
  float* const begin = energies.as<float>();
  float* const end = begin + energies.size();
  std::vector<float> softest(static_cast<std::size_t>(bands),
                             std::numeric_limits<float>::infinity());
  std::vector<float*> silent;
  for (float* frame = begin; frame != end; frame += bands) {
    if (is_silent(frame)) {
      silent.push_back(frame);
      continue;
    }
    std::transform(softest.begin(), softest.end(), frame, softest.begin(),
                   [](float a, float b) { return std::min(a, b); });
  }
  if (static_cast<std::int64_t>(silent.size()) == energies.shape()[0]) return;
  for (float* frame : silent) std::copy(softest.begin(), softest.end(), frame);
}

void SpeechReader::normalise_frame(float* energies) const {
  if (!is_silent(energies)) {
    scale(energies, 1);
    return;
  }
  // As far below the mean of the training recordings as few of their frames are, if above the
  // floor.
  constexpr float usual_softest = -2.0F;
  scale(energies, 1);
  for (std::int64_t b = 0; b < log_mel_.bands(); ++b)
    energies[b] = std::max(energies[b], usual_softest);
}

void SpeechReader::level_out(const Tensor& energies) const {
  // Where what is soft is raised, all silences are alike anyway.
  if (level_.by_recording && level_.top_db == 0.0) fill_silence(energies);
  if (level_.top_db > 0.0) raise_silence(energies, level_.top_db);
  if (level_.by_recording) remove_own_mean(energies);
}

HeardSound SpeechReader::heard(std::span<const float> samples, bool live) const {
  const auto unit = static_cast<std::size_t>(steps_.stride * log_mel_.hop());
  const auto kept = static_cast<std::size_t>(kept_silence * rate());
  HeardSound heard = without_silence(samples, unit, kept, !live);
  // Where what is soft is raised, it is silence already.
  if (!live && level_.by_recording && level_.top_db == 0.0)
    trim_soft_ends(heard, unit, kept, static_cast<std::size_t>(rate()) / 50);
  return heard;
}

SilenceFilter SpeechReader::silence_filter() const {
  return {static_cast<std::size_t>(steps_.stride * log_mel_.hop()),
          static_cast<std::size_t>(kept_silence * rate())};
}

void SpeechReader::normalise(const Tensor& energies) const {
  level_out(energies);
  if (level_.by_recording) {
    scale(energies.as<float>(), energies.shape()[0]);
    return;
  }
  for (std::int64_t t = 0; t < energies.shape()[0]; ++t)
    normalise_frame(energies.as<float>() + t * log_mel_.bands());
}

Tensor SpeechReader::features(std::span<const float> samples) const {
  Tensor result = log_mel_(samples);
  normalise(result);
  return result;
}

Tensor speech_batch(std::span<const Tensor> features, const SpeechSteps& steps) {
  std::int64_t longest = 0;
  for (const Tensor& each : features) longest = std::max(longest, each.shape()[0]);
  // A few lengths only: memory is laid out anew for each.
  const std::int64_t unit = 8 * steps.stride;
  const std::int64_t frames = (longest + steps.tail() + unit - 1) / unit * unit;
  const std::int64_t bands = features.front().shape()[1];
  Tensor result({static_cast<std::int64_t>(features.size()), frames, bands});
  float* to = result.as<float>();
  for (const Tensor& each : features) {
    std::copy_n(each.as<float>(), each.size(), to);
    to += frames * bands;
  }
  return result;
}

Tensor speech_scores(Execution& execution, const Tensor& features, const SpeechSteps& steps) {
  const Tensor batch = speech_batch(std::span(&features, 1), steps);
  const Value value{batch, {}};
  execution.forward(std::span(&value, 1), {});
  const TensorView scores = execution.output().data;
  const std::int64_t count = std::min(steps.of(features.shape()[0]), scores.shape()[1]);
  Tensor result({count, scores.shape()[2]});
  std::copy_n(scores.as<float>(), result.size(), result.as<float>());
  return result;
}

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
