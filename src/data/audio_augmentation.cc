#include "chronicler/data/audio_augmentation.h"

#include <algorithm>
#include <cmath>

#include "chronicler/data/audio.h"

namespace chronicler::data {
namespace {

// Draws of one recording, by number; the noise comes after them.
enum Draw : std::uint64_t {
  speed,
  gain,
  has_noise,
  snr,
  tilt,
  warp,
  tempo,
  masks = 16,
  noise = 1024
};

double mean_square(std::span<const float> samples) {
  double sum = 0.0;
  for (const float sample : samples) sum += static_cast<double>(sample) * sample;
  return sum / static_cast<double>(std::max<std::size_t>(samples.size(), 1));
}

std::vector<float> mean_of_bands(const Tensor& energies) {
  const std::int64_t frames = energies.shape()[0];
  const std::int64_t bands = energies.shape()[1];
  std::vector<float> mean(static_cast<std::size_t>(bands), 0.0F);
  const float* at = energies.as<float>();
  for (std::int64_t i = 0; i < energies.size(); ++i)
    mean[static_cast<std::size_t>(i % bands)] += at[i] / static_cast<float>(frames);
  return mean;
}

// Between two numbers, of which the place at says how much each counts; beyond the last, that one.
struct Between {
  std::int64_t left;
  std::int64_t right;
  float share;

  Between(double at, std::int64_t count) {
    const double place = std::min(at, static_cast<double>(count - 1));
    left = static_cast<std::int64_t>(place);
    right = std::min(left + 1, count - 1);
    share = static_cast<float>(place - static_cast<double>(left));
  }
  float of(float a, float b) const { return (1.0F - share) * a + share * b; }
};

// The frames as if they went by faster by this factor.
Tensor stretched(const Tensor& energies, double factor) {
  const std::int64_t frames = energies.shape()[0];
  const std::int64_t bands = energies.shape()[1];
  const auto count = std::max<std::int64_t>(std::llround(static_cast<double>(frames) / factor), 1);
  Tensor result({count, bands});
  const float* from = energies.as<float>();
  float* to = result.as<float>();
  for (std::int64_t t = 0; t < count; ++t) {
    const Between between(static_cast<double>(t) * factor, frames);
    for (std::int64_t b = 0; b < bands; ++b)
      *to++ = between.of(from[between.left * bands + b], from[between.right * bands + b]);
  }
  return result;
}

void warp_bands(const Tensor& energies, double factor) {
  const std::int64_t bands = energies.shape()[1];
  std::vector<float> row(static_cast<std::size_t>(bands));
  float* at = energies.as<float>();
  for (std::int64_t t = 0; t < energies.shape()[0]; ++t, at += bands) {
    std::copy_n(at, bands, row.begin());
    for (std::int64_t b = 0; b < bands; ++b) {
      const Between between(static_cast<double>(b) * factor, bands);
      at[b] = between.of(row[static_cast<std::size_t>(between.left)],
                         row[static_cast<std::size_t>(between.right)]);
    }
  }
}

}  // namespace

AugmentationOptions no_augmentation() {
  return {.speed = 0.0,
          .tempo = 0.0,
          .gain = 0.0,
          .noise = 0.0,
          .warp = 0.0,
          .shuffle = 0.0,
          .time_masks = 0,
          .band_masks = 0};
}

Augmentation::Augmentation(const AugmentationOptions& options, std::uint64_t seed)
    : options_(options), random_(seed) {
  check_fields("Augmentation", options);
}

std::vector<float> Augmentation::samples(std::span<const float> samples,
                                         std::uint64_t place) const {
  const auto draw = [&](std::uint64_t index) { return double{random_.uniform(place, index)}; };
  std::vector<float> result(samples.begin(), samples.end());
  if (options_.speed > 0.0)
    result = played_faster(samples, 1.0 + options_.speed * (2.0 * draw(Draw::speed) - 1.0));
  const double decibels = options_.gain * (2.0 * draw(Draw::gain) - 1.0);
  const auto factor = static_cast<float>(std::pow(10.0, decibels / 20.0));
  for (float& sample : result) sample *= factor;
  if (draw(Draw::has_noise) >= options_.noise) return result;
  const double decibels_below =
      options_.least_snr + (options_.most_snr - options_.least_snr) * draw(Draw::snr);
  // From white to dull: each sample keeps a part of the one before.
  const auto kept = static_cast<float>(0.95 * draw(Draw::tilt));
  std::vector<float> added(result.size());
  float before = 0.0F;
  for (std::size_t i = 0; i < added.size(); i += 4) {
    const auto bits = random_.block(place, Draw::noise + i / 4);
    for (std::size_t j = i; j < std::min(i + 4, added.size()); ++j) {
      // The sum of two uniform numbers is bell enough for a hiss.
      const std::uint32_t word = bits[j - i];
      const float white =
          (static_cast<float>(word & 0xFFFFU) + static_cast<float>(word >> 16U)) / 65536.0F - 1.0F;
      before = kept * before + white;
      added[j] = before;
    }
  }
  const double wanted = mean_square(result) * std::pow(10.0, -decibels_below / 10.0);
  const auto level = static_cast<float>(std::sqrt(wanted / std::max(mean_square(added), 1e-12)));
  for (std::size_t i = 0; i < result.size(); ++i) result[i] += level * added[i];
  return result;
}

Tensor Augmentation::features(const Tensor& energies, std::uint64_t place) const {
  const auto draw = [&](std::uint64_t index) { return double{random_.uniform(place, index)}; };
  // A factor around 1.
  const auto factor = [&](double most, std::uint64_t index) {
    return 1.0 + most * (2.0 * draw(index) - 1.0);
  };
  const Tensor result = options_.tempo > 0.0
                            ? stretched(energies, factor(options_.tempo, Draw::tempo))
                            : energies.clone();
  const std::int64_t frames = result.shape()[0];
  const std::int64_t bands = result.shape()[1];
  float* at = result.as<float>();
  const std::vector<float> mean = mean_of_bands(result);
  if (options_.warp > 0.0) warp_bands(result, factor(options_.warp, Draw::warp));
  // A stretch of an axis: where it begins and ends.
  std::uint64_t next = Draw::masks;
  const auto stretch = [&](std::int64_t extent, double most) {
    const double length = most * draw(next++);
    const double begin = (static_cast<double>(extent) - length) * draw(next++);
    const auto first = static_cast<std::int64_t>(std::max(begin, 0.0));
    return std::pair{first, std::min(extent, first + static_cast<std::int64_t>(length + 0.5))};
  };
  for (std::int64_t i = 0; i < options_.time_masks; ++i) {
    const auto [begin, end] = stretch(frames, options_.time_mask * static_cast<double>(frames));
    for (std::int64_t t = begin; t < end; ++t) std::copy_n(mean.begin(), bands, at + t * bands);
  }
  for (std::int64_t i = 0; i < options_.band_masks; ++i) {
    const auto [begin, end] = stretch(bands, options_.band_mask * static_cast<double>(bands));
    for (std::int64_t t = 0; t < frames; ++t) {
      for (std::int64_t b = begin; b < end; ++b)
        at[t * bands + b] = mean[static_cast<std::size_t>(b)];
    }
  }
  return result;
}

}  // namespace chronicler::data
