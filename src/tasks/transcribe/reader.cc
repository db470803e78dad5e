#include "tasks/transcribe/reader.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

namespace chronicler::tasks {

namespace {

constexpr double kept_silence = 0.15;  // seconds; a longer pause says no more

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

}  // namespace chronicler::tasks
