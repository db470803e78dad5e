#include "tasks/transcribe/loudness.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "support/made_speech.h"

namespace chronicler::tasks {
namespace {

using Cuts = std::vector<std::size_t>;

TEST(Loudness, CutsWhereItIsQuiet) {
  std::vector<float> sound(1000, 0.5F);
  std::fill(sound.begin() + 340, sound.begin() + 360, 0.0F);
  const Cuts cuts = quiet_cuts(sound, 400);
  ASSERT_FALSE(cuts.empty());
  EXPECT_NEAR(static_cast<double>(cuts[0]), 350.0, 12.0);
  std::size_t before = 0;
  for (const std::size_t cut : cuts) {
    EXPECT_LE(cut - before, 400U);
    before = cut;
  }
  EXPECT_LE(sound.size() - before, 400U);
  EXPECT_TRUE(quiet_cuts(sound, 1000).empty());
}

// 0.6 s of near silence, a tone of 0.2 s, 0.1 s, and another tone.
TEST(Loudness, WordsAreSaidWhereItIsLoud) {
  std::vector<float> sound(8000 * 6 / 10, 0.001F);
  sound.insert(sound.end(), 1600, 0.3F);
  sound.insert(sound.end(), 800, 0.001F);
  sound.insert(sound.end(), 1600, 0.3F);
  // The first written from the beginning on, before it was said; the second into the silence.
  sound.insert(sound.end(), 800, 0.001F);
  std::vector<SaidSpan> words{{0.0, 0.54}, {0.7, 1.2}};
  fit_to_sound(words, sound, 8000);
  EXPECT_NEAR(words[0].begin, 0.6, 1e-9);
  EXPECT_NEAR(words[0].end, 0.8, 1e-9);
  EXPECT_NEAR(words[1].begin, 0.9, 1e-9);
  EXPECT_NEAR(words[1].end, 1.1, 1e-9);
  // Two words in the first tone: each is fitted by itself.
  words = {{0.0, 0.54}, {0.7, 0.75}, {0.93, 1.2}};
  fit_to_sound(words, sound, 8000);
  EXPECT_NEAR(words[0].begin, 0.6, 1e-9);
  EXPECT_NEAR(words[0].end, 0.7, 1e-9);
  EXPECT_NEAR(words[1].end, 0.75, 1e-9);
  EXPECT_NEAR(words[2].begin, 0.93, 1e-9);
  EXPECT_NEAR(words[2].end, 1.1, 1e-9);
  // Where nothing is louder than the rest, nothing is known.
  const std::vector<float> even(8000, 0.1F);
  words = {{0.0, 0.1}};
  fit_to_sound(words, even, 8000);
  EXPECT_EQ(words[0].begin, 0.0);
  EXPECT_EQ(words[0].end, 0.1);
}

TEST(Loudness, PausesShowWhereWordsAre) {
  std::vector<float> sound;  // three recordings of a word, quiet around it
  for (const int word : {0, 2, 1}) {
    const std::vector<float> one = test::spoken({word}, 5).audio.samples;
    sound.insert(sound.end(), one.begin(), one.end());
  }
  const Cuts cuts = cuts_in_pauses(sound, 3, test::speech_rate);
  ASSERT_EQ(cuts.size(), 4U);
  EXPECT_EQ(cuts.front(), 0U);
  EXPECT_EQ(cuts.back(), sound.size());
  for (const std::size_t i : {1U, 2U}) EXPECT_LT(std::abs(sound[cuts[i]]), 0.002F);
  EXPECT_TRUE(cuts_in_pauses(sound, 2, test::speech_rate).empty());
}

}  // namespace
}  // namespace chronicler::tasks
