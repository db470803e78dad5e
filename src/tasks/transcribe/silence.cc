#include "tasks/transcribe/silence.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace chronicler::tasks {
namespace {

// Three steps of a sample of 16 bits: dithered silence goes up and down by one.
constexpr float most_change = 2.5F / 32768.0F;

std::size_t steps_of(std::size_t samples, std::size_t unit) { return (samples + unit - 1) / unit; }

}  // namespace

SilenceFilter::SilenceFilter(std::size_t unit, std::size_t kept) : unit_(unit), kept_(kept) {}

bool SilenceFilter::is_same(float sample) {
  const float low = std::min(low_, sample);
  const float high = std::max(high_, sample);
  if (same_ == 0 || high - low > most_change) return false;
  low_ = low;
  high_ = high;
  return true;
}

void SilenceFilter::give(std::vector<float>& out) {
  out.insert(out.end(), held_.begin(), held_.end());
  given_ += held_.size();
  held_.clear();
}

void SilenceFilter::push(std::span<const float> samples, std::vector<float>& out) {
  for (const float sample : samples) {
    if (is_same(sample)) {
      ++same_;
    } else {
      any_sound_ = same_ > 0;
      give(out);
      low_ = high_ = sample;
      same_ = 1;
    }
    held_.push_back(sample);
    if (same_ <= kept_) {
      give(out);
    } else if (held_.size() == unit_) {
      held_.clear();
      const auto step = static_cast<std::int64_t>(steps_of(given_, unit_));
      if (left_out_.empty() || left_out_.back().before != step) left_out_.push_back({step, 0});
      ++left_out_.back().count;
    }
  }
}

bool SilenceFilter::finish(std::vector<float>& out) {
  give(out);
  return any_sound_;
}

std::vector<SilentSteps> SilenceFilter::take_left_out() { return std::exchange(left_out_, {}); }

HeardSound without_silence(std::span<const float> samples, std::size_t unit, std::size_t kept,
                           bool cut_end) {
  HeardSound heard;
  SilenceFilter filter(unit, kept);
  filter.push(samples, heard.samples);
  const bool any = filter.finish(heard.samples);
  heard.left_out = filter.take_left_out();
  if (!any) heard.samples.clear();
  if (!any || !cut_end) return heard;
  std::size_t silent = 0;
  float low = heard.samples.back();
  float high = low;
  for (auto sample = heard.samples.rbegin(); sample != heard.samples.rend(); ++sample, ++silent) {
    low = std::min(low, *sample);
    high = std::max(high, *sample);
    if (high - low > most_change) break;
  }
  const std::size_t steps = silent / unit;
  if (steps == 0) return heard;
  heard.samples.resize(heard.samples.size() - steps * unit);
  const auto end = static_cast<std::int64_t>(steps_of(heard.samples.size(), unit));
  for (SilentSteps& silence : heard.left_out) silence.before = std::min(silence.before, end);
  heard.left_out.push_back({end, static_cast<std::int64_t>(steps)});
  return heard;
}

namespace {

// Frames at the ends that are as soft as the softest; none where nothing stands out.
struct SoftEnds {
  std::size_t before = 0;
  std::size_t behind = 0;
};

SoftEnds soft_ends(std::span<const float> samples, std::size_t frame) {
  std::vector<double> levels;  // ln of energies
  for (std::size_t at = 0; at + frame <= samples.size(); at += frame) {
    double energy = 1e-9;
    for (const float sample : samples.subspan(at, frame)) energy += double{sample} * sample;
    levels.push_back(std::log(energy));
  }
  if (levels.empty()) return {};
  std::vector<double> sorted = levels;
  std::sort(sorted.begin(), sorted.end());
  constexpr double decibel = std::numbers::ln10 / 10.0;
  const double soft = sorted[sorted.size() / 10] + 3.0 * decibel;
  const double loud = sorted[sorted.size() * 99 / 100];
  if (loud - soft < 30.0 * decibel) return {};
  const auto is_loud = [&](double level) { return level > soft; };
  return {static_cast<std::size_t>(std::find_if(levels.begin(), levels.end(), is_loud) -
                                   levels.begin()),
          static_cast<std::size_t>(std::find_if(levels.rbegin(), levels.rend(), is_loud) -
                                   levels.rbegin())};
}

}  // namespace

void trim_soft_ends(HeardSound& heard, std::size_t unit, std::size_t kept, std::size_t frame) {
  const SoftEnds ends = soft_ends(heard.samples, frame);
  const auto steps_in = [&](std::size_t frames) {
    const std::size_t samples = frames * frame;
    return samples > kept ? (samples - kept) / unit : 0;
  };
  const std::size_t before = steps_in(ends.before);
  const std::size_t behind = steps_in(ends.behind);
  std::vector<float>& samples = heard.samples;
  samples.resize(samples.size() - behind * unit);
  samples.erase(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(before * unit));
  const auto first = static_cast<std::int64_t>(before);
  const auto end = static_cast<std::int64_t>(steps_of(samples.size(), unit));
  for (SilentSteps& silence : heard.left_out)
    silence.before = std::clamp<std::int64_t>(silence.before - first, 0, end);
  if (before > 0) heard.left_out.insert(heard.left_out.begin(), {0, first});
  if (behind > 0) heard.left_out.push_back({end, static_cast<std::int64_t>(behind)});
}

std::vector<float> silent_scores(std::span<const float> before, std::span<const float> after,
                                 std::size_t classes) {
  const auto best = [](std::span<const float> scores) {
    return std::max_element(scores.begin(), scores.end()) - scores.begin();
  };
  if (!before.empty() && !after.empty() && best(before) == best(after))
    return {before.begin(), before.end()};
  constexpr float certain = 30.0F;
  std::vector<float> scores(classes, 0.0F);
  scores.front() = certain;
  return scores;
}

Tensor with_silence(const Tensor& scores, std::span<const SilentSteps> left_out) {
  if (left_out.empty()) return scores;
  const std::int64_t steps = scores.shape()[0];
  const std::int64_t classes = scores.shape()[1];
  std::int64_t all = steps;
  for (const SilentSteps& silence : left_out) all += silence.count;
  Tensor result({all, classes});
  const auto width = static_cast<std::size_t>(classes);
  const auto row = [&](std::int64_t step) {
    return step < 0 || step >= steps
               ? std::span<const float>()
               : std::span<const float>(scores.as<float>() + step * classes, width);
  };
  float* to = result.as<float>();
  std::int64_t next = 0;
  for (const SilentSteps& silence : left_out) {
    const std::int64_t before = std::clamp(silence.before, next, steps);
    to = std::copy_n(scores.as<float>() + next * classes, (before - next) * classes, to);
    next = before;
    const std::vector<float> silent = silent_scores(row(before - 1), row(before), width);
    for (std::int64_t i = 0; i < silence.count; ++i)
      to = std::copy(silent.begin(), silent.end(), to);
  }
  std::copy_n(scores.as<float>() + next * classes, (steps - next) * classes, to);
  return result;
}

}  // namespace chronicler::tasks
