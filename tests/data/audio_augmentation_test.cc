#include "chronicler/data/audio_augmentation.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "support/conformance.h"

namespace chronicler::data {
namespace {

double power(std::span<const float> samples) {
  double sum = 0.0;
  for (const float sample : samples) sum += static_cast<double>(sample) * sample;
  return sum / static_cast<double>(samples.size());
}

std::vector<float> sound() {
  const Tensor samples = test::noise({4000}, 1);
  return {samples.span<float>().begin(), samples.span<float>().end()};
}

TEST(Augmentation, NoneChangesNothing) {
  const Augmentation none(no_augmentation());
  EXPECT_EQ(none.samples(sound(), 3), sound());
  const Tensor features = test::noise({20, 8}, 2);
  EXPECT_TRUE(test::same_bits(none.features(features, 3), features));
}

TEST(Augmentation, DependsOnSeedAndPlaceOnly) {
  const Augmentation one({}, 5);
  EXPECT_EQ(one.samples(sound(), 3), Augmentation({}, 5).samples(sound(), 3));
  EXPECT_NE(one.samples(sound(), 3), one.samples(sound(), 4));
  EXPECT_NE(one.samples(sound(), 3), Augmentation({}, 6).samples(sound(), 3));
}

TEST(Augmentation, NoiseLiesBelowTheSound) {
  AugmentationOptions options = no_augmentation();
  options.noise = 1.0;
  options.least_snr = options.most_snr = 20.0;
  const std::vector<float> clean = sound();
  std::vector<float> noisy = Augmentation(options).samples(clean, 1);
  for (std::size_t i = 0; i < noisy.size(); ++i) noisy[i] -= clean[i];
  EXPECT_NEAR(10.0 * std::log10(power(clean) / power(noisy)), 20.0, 0.1);
}

TEST(Augmentation, SpeedAndGainStayInTheirBounds) {
  AugmentationOptions options = no_augmentation();
  options.gain = 6.0;
  options.speed = 0.1;
  for (std::uint64_t place = 0; place < 20; ++place) {
    const std::vector<float> changed = Augmentation(options).samples(sound(), place);
    EXPECT_GE(changed.size(), 4000 / 1.1 - 2.0);
    EXPECT_LE(changed.size(), 4000 / 0.9 + 2.0);
  }
  options.speed = 0.0;
  for (std::uint64_t place = 0; place < 20; ++place) {
    const double ratio = power(Augmentation(options).samples(sound(), place)) / power(sound());
    EXPECT_LE(std::abs(10.0 * std::log10(ratio)), 6.01);
  }
}

TEST(Augmentation, MasksAreFlat) {
  AugmentationOptions options = no_augmentation();
  options.time_masks = 1;
  options.time_mask = 0.5;
  bool any = false;
  for (std::uint64_t place = 0; place < 8; ++place) {
    const Tensor features = test::noise({20, 8}, 2);
    const Tensor masked = Augmentation(options).features(features, place);
    std::int64_t changed = 0;
    for (std::int64_t t = 0; t < 20; ++t)
      changed += test::same_bits(masked.rows(t, t + 1), features.rows(t, t + 1)) ? 0 : 1;
    EXPECT_LE(changed, 10);
    any = any || changed > 0;
  }
  EXPECT_TRUE(any);
}

// A ramp over time that goes by faster is a steeper ramp; its bands stay where they are.
TEST(Augmentation, TempoStretchesTimeAlone) {
  AugmentationOptions options = no_augmentation();
  options.tempo = 0.25;
  const Tensor ramp({40, 2});
  for (std::int64_t t = 0; t < 40; ++t) {
    ramp.as<float>()[2 * t] = static_cast<float>(t);
    ramp.as<float>()[2 * t + 1] = -1.0F;
  }
  bool faster = false;
  bool slower = false;
  for (std::uint64_t place = 0; place < 16; ++place) {
    const Tensor changed = Augmentation(options).features(ramp, place);
    const std::int64_t frames = changed.shape()[0];
    EXPECT_GE(frames, 40 / 1.25 - 1.0);
    EXPECT_LE(frames, 40 / 0.75 + 1.0);
    const float slope = changed.as<float>()[20] / 10.0F;
    EXPECT_NEAR(slope, 40.0 / static_cast<double>(frames), 0.03);
    EXPECT_EQ(changed.as<float>()[11], -1.0F);
    faster = faster || frames < 40;
    slower = slower || frames > 40;
  }
  EXPECT_TRUE(faster);
  EXPECT_TRUE(slower);
}

// A peak over the bands that is stretched lies at another band, at the same height.
TEST(Augmentation, WarpMovesBandsAlone) {
  AugmentationOptions options = no_augmentation();
  options.warp = 0.2;
  const Tensor slope({3, 40});
  for (std::int64_t i = 0; i < slope.size(); ++i) slope.as<float>()[i] = static_cast<float>(i % 40);
  double least = 2.0;
  double most = 0.0;
  for (std::uint64_t place = 0; place < 16; ++place) {
    const Tensor changed = Augmentation(options).features(slope, place);
    EXPECT_TRUE(test::same_bits(changed.rows(0, 1), changed.rows(2, 3)));
    const double factor = double{changed.as<float>()[20]} / 20.0;
    least = std::min(least, factor);
    most = std::max(most, factor);
    EXPECT_NEAR(changed.as<float>()[10], 10.0 * factor, 1e-4);
  }
  EXPECT_GE(least, 0.8);
  EXPECT_LE(most, 1.2);
  EXPECT_LT(least, 0.95);
  EXPECT_GT(most, 1.05);
}

TEST(Augmentation, RefusesWhatCannotBe) {
  EXPECT_EQ(test::error_of([] { Augmentation({.speed = 0.9}); }),
            "speed of Augmentation must be from 0 to 0.5, got 0.9");
}

}  // namespace
}  // namespace chronicler::data
