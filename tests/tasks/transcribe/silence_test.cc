#include "tasks/transcribe/silence.h"

#include <gtest/gtest.h>

#include "chronicler/base/random.h"

namespace chronicler::tasks {
namespace {

using Sound = std::vector<float>;

constexpr std::size_t unit = 10;
constexpr std::size_t kept = 25;

Sound noise(std::size_t size, std::uint64_t seed) {
  const Random random(seed);
  Sound sound(size);
  for (std::size_t i = 0; i < size; ++i) sound[i] = random.uniform(0, i) - 0.5F;
  return sound;
}
Sound operator+(Sound a, const Sound& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
// What changes by a bit, as after dithering, or not at all.
Sound silence(std::size_t size, float level = 0.0F) {
  Sound sound(size, level);
  for (std::size_t i = 0; i < size; i += 3) sound[i] += 1.0F / 32768.0F;
  return sound;
}
std::int64_t steps_left_out(const HeardSound& heard) {
  std::int64_t all = 0;
  for (const SilentSteps& steps : heard.left_out) all += steps.count;
  return all;
}

TEST(Silence, IsLeftOutInWholeSteps) {
  const Sound a = noise(200, 1);
  const Sound b = noise(170, 2);
  const HeardSound plain = without_silence(a + b, unit, kept, true);
  EXPECT_EQ(plain.samples, a + b);
  EXPECT_TRUE(plain.left_out.empty());
  for (const float level : {0.0F, 0.25F}) {
    // A network that learnt from recordings with a pause in front hears one here, too.
    const HeardSound before = without_silence(silence(100, level) + a, unit, kept, true);
    ASSERT_EQ(before.samples.size(), 25 + 5 + a.size());
    EXPECT_EQ(Sound(before.samples.begin() + 30, before.samples.end()), a);
    ASSERT_EQ(before.left_out.size(), 1U);
    EXPECT_EQ(before.left_out[0].before, 3);
    EXPECT_EQ(before.left_out[0].count, 7);
    const HeardSound behind = without_silence(a + silence(100, level), unit, kept, true);
    EXPECT_EQ(behind.samples, a);
    EXPECT_EQ(steps_left_out(behind), 10);
    const HeardSound within = without_silence(a + silence(95, level) + b, unit, kept, true);
    // 25 samples are kept, and the 5 that make no step.
    ASSERT_EQ(within.samples.size(), a.size() + 25 + 0 + b.size());
    EXPECT_EQ(steps_left_out(within), 7);
    EXPECT_EQ(within.left_out[0].before, 23);
  }
  // A pause that is short enough stays.
  const Sound paused = a + silence(20) + b;
  EXPECT_EQ(without_silence(paused, unit, kept, true).samples, paused);
}

TEST(Silence, NothingIsHeardOfNothing) {
  for (const std::size_t size : {1U, 5U, 10U, 1000U}) {
    EXPECT_TRUE(without_silence(Sound(size, 0.0F), unit, kept, true).samples.empty());
    EXPECT_TRUE(without_silence(silence(size, 0.5F), unit, kept, false).samples.empty());
  }
}

// A room's hiss of any length at both ends, as long as it is far softer than what is said.
TEST(Silence, LongSoftEndsAreLeftOut) {
  constexpr std::size_t frame = 200;
  const auto softer = [](Sound sound, float factor) {
    for (float& sample : sound) sample *= factor;
    return sound;
  };
  const Sound said = noise(2000, 1);
  const Sound hiss = softer(noise(5000, 2), 0.005F);
  HeardSound heard{hiss + said + hiss + said + hiss, {{600, 3}}};
  trim_soft_ends(heard, unit, kept, frame);
  EXPECT_EQ(heard.samples.size(), 2 * said.size() + hiss.size() + 2 * (5000 - 4970));
  ASSERT_EQ(heard.left_out.size(), 3U);
  EXPECT_EQ(heard.left_out[0].before, 0);
  EXPECT_EQ(heard.left_out[0].count, 497);
  EXPECT_EQ(heard.left_out[1].before, 103);
  EXPECT_EQ(heard.left_out[2].count, 497);
  EXPECT_EQ(heard.left_out[2].before * static_cast<std::int64_t>(unit),
            static_cast<std::int64_t>(heard.samples.size()));
  // Not what is not much softer, nor short ends, nor nothing.
  for (const Sound& sound :
       {softer(hiss, 20.0F) + said, Sound(hiss.begin(), hiss.begin() + 30) + said, said, Sound()}) {
    HeardSound same{sound, {}};
    trim_soft_ends(same, unit, kept, frame);
    EXPECT_EQ(same.samples, sound);
    EXPECT_TRUE(same.left_out.empty());
  }
}

// Live sound is cut as a recording is, whatever the parts it comes in; its end may still go on.
TEST(Silence, PartsMakeNoDifference) {
  const Sound sound = silence(47) + noise(33, 1) + silence(120) + noise(51, 2) + silence(90) +
                      noise(8, 3) + silence(64);
  const HeardSound whole = without_silence(sound, unit, kept, false);
  for (const std::size_t size : {1U, 7U, 64U}) {
    SilenceFilter filter(unit, kept);
    Sound out;
    std::int64_t count = 0;
    for (std::size_t at = 0; at < sound.size(); at += size) {
      filter.push(std::span(sound).subspan(at, std::min(size, sound.size() - at)), out);
      for (const SilentSteps& steps : filter.take_left_out()) count += steps.count;
    }
    EXPECT_TRUE(filter.finish(out));
    EXPECT_EQ(out, whole.samples) << size;
    EXPECT_EQ(count, steps_left_out(whole));
  }
  EXPECT_EQ(whole.samples.size() + unit * static_cast<std::size_t>(steps_left_out(whole)),
            sound.size());
}

// Blanks stand where nothing was heard, but for a label that goes on behind it.
TEST(Silence, ScoresGetTheirStepsBack) {
  const Tensor scores({3, 2}, std::vector<float>{5.0F, 0.0F, 0.0F, 5.0F, 0.0F, 6.0F});
  const std::vector<SilentSteps> left_out{{0, 1}, {2, 2}, {9, 1}, {3, 1}};
  const Tensor all = with_silence(scores, left_out);
  ASSERT_EQ(all.shape(), (Shape{8, 2}));
  const float* row = all.as<float>();
  EXPECT_GT(row[0], 20.0F);  // blank, surely
  EXPECT_EQ(row[2], 5.0F);
  EXPECT_EQ(row[5], 5.0F);
  EXPECT_EQ(row[7], 5.0F);  // goes on
  EXPECT_EQ(row[9], 5.0F);
  EXPECT_EQ(row[11], 6.0F);
  EXPECT_GT(row[12], 20.0F);
  EXPECT_GT(row[14], 20.0F);
  EXPECT_EQ(with_silence(Tensor({0, 2}), std::vector<SilentSteps>{{0, 4}}).shape(), (Shape{4, 2}));
}

}  // namespace
}  // namespace chronicler::tasks
