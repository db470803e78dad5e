#include "chronicler/data/log_mel.h"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "chronicler/formats/npy.h"
#include "support/conformance.h"
#include "support/source_dir.h"

namespace chronicler::data {
namespace {

using test::error_of;

Tensor golden(const std::string& name) {
  return load_npy((test::source_dir() / "tests/golden/speech" / (name + ".npy")).string());
}

TEST(LogMel, IsAsInNumPy) {
  const LogMel log_mel({.rate = 8000});
  const Tensor x = golden("log_mel_x");
  EXPECT_EQ(log_mel.window(), 200);
  EXPECT_EQ(log_mel.hop(), 80);
  EXPECT_TRUE(test::close_to(log_mel(x.span<float>()), golden("log_mel_y"), 2e-4));
}

TEST(LogMel, AToneIsLoudestInItsBand) {
  const LogMel log_mel({.rate = 16'000, .bands = 20});
  std::vector<float> tone(400);
  for (std::size_t i = 0; i < tone.size(); ++i) {
    tone[i] = static_cast<float>(
        std::sin(2.0 * std::numbers::pi * 1000.0 * static_cast<double>(i) / 16'000.0));
  }
  const Tensor bands = log_mel(tone);
  ASSERT_EQ(bands.shape(), (Shape{1, 20}));
  const auto values = bands.span<float>();
  // 1,000 hertz are 1,000 mel; 20 bands lie between 31.7 and 2,840 mel.
  const auto loudest = std::max_element(values.begin(), values.end()) - values.begin();
  EXPECT_EQ(loudest, 6);
}

TEST(LogMel, SilenceIsTheFloorAndShortSoundsAreFilledUp) {
  const LogMel log_mel({.rate = 8000, .floor = 1e-4});
  const std::vector<float> one(1, 0.0F);
  const Tensor bands = log_mel(one);
  ASSERT_EQ(bands.shape(), (Shape{1, 40}));
  for (const float value : bands.span<float>()) EXPECT_NEAR(value, std::log(1e-4), 1e-5);
  EXPECT_EQ(log_mel.frames(199), 1);
  EXPECT_EQ(log_mel.frames(200), 1);
  EXPECT_EQ(log_mel.frames(280), 2);
}

TEST(LogMel, RefusesWhatCannotBe) {
  EXPECT_EQ(error_of([] { LogMel({.rate = 8000, .high = 5000.0}); }),
            "bands from 20 to 5000 hertz need a rate above 10000: ask for less high ones");
  EXPECT_EQ(error_of([] { LogMel({.rate = 0}); }),
            "log-mel needs a rate and 1 to 1,024 bands, got 0 and 40");
  EXPECT_EQ(error_of([] { LogMel({.window_seconds = 0.0}); }),
            "windows of 0 seconds each 0.01 seconds cannot be: 0.025 and 0.010 are usual");
}

}  // namespace
}  // namespace chronicler::data
