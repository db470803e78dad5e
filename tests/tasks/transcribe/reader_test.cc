#include "tasks/transcribe/reader.h"

#include <gtest/gtest.h>

#include "support/conformance.h"
#include "support/made_speech.h"

namespace chronicler::tasks {
namespace {

using Cuts = std::vector<std::size_t>;

TEST(SpeechReader, BandsOfTheTrainingSoundsHaveMeanZeroAndDeviationOne) {
  SpeechReader reader({.rate = test::speech_rate, .bands = 8}, {});
  const std::vector<float> sound = test::spoken({0, 1, 2}, 3).audio.samples;
  reader.learn_scale(std::span(&sound, 1));
  const Tensor features = reader.features(sound);
  const auto frames = static_cast<double>(features.shape()[0]);
  for (std::int64_t band = 0; band < 8; ++band) {
    double sum = 0.0;
    double squares = 0.0;
    for (std::int64_t t = 0; t < features.shape()[0]; ++t) {
      const double value = features.as<float>()[t * 8 + band];
      sum += value;
      squares += value * value;
    }
    EXPECT_NEAR(sum / frames, 0.0, 1e-4);
    EXPECT_NEAR(squares / frames, 1.0, 1e-3);
  }
}

// A filter, as a microphone's, multiplies each band's energy: what counts from the recording's own
// mean does not hear it, nor how loud it is.
TEST(SpeechReader, ByRecordingDoesNotHearHowLoudABandIs) {
  std::vector<float> sound = test::spoken({0, 1, 2}, 3).audio.samples;
  for (std::size_t i = 0; i < sound.size(); ++i)  // no band lies at the floor
    sound[i] += 0.05F * test::noise({1}, i).as<float>()[0];
  std::vector<float> softer = sound;
  for (float& sample : softer) sample *= 0.5F;
  for (const bool by_recording : {true, false}) {
    SpeechReader reader({.rate = test::speech_rate, .bands = 8}, {},
                        {.by_recording = by_recording});
    reader.learn_scale(std::span(&sound, 1));
    const bool same = test::close_to(reader.features(sound), reader.features(softer), 0.02);
    EXPECT_EQ(same, by_recording);
  }
}

// A word between two silences, of a quiet room and of a noisier one.
TEST(SpeechReader, TopDbDoesNotHearHowSilentSilenceIs) {
  const auto said_in = [](float noise) {
    std::vector<float> sound(6000);
    for (std::size_t i = 0; i < sound.size(); ++i) {
      sound[i] = noise * test::noise({1}, i).as<float>()[0];
      if (i >= 2000 && i < 4000) sound[i] += test::noise({1}, 9000 + i).as<float>()[0];
    }
    return sound;
  };
  const std::vector<float> quiet = said_in(1e-4F);
  const std::vector<float> noisier = said_in(1e-3F);
  for (const double top_db : {0.0, 30.0}) {
    SpeechReader reader({.rate = test::speech_rate, .bands = 8}, {},
                        {.by_recording = true, .top_db = top_db});
    reader.learn_scale(std::span(&quiet, 1));
    const bool same = test::close_to(reader.features(quiet), reader.features(noisier), 0.02);
    EXPECT_EQ(same, top_db == 30.0);
  }
}

// Every frame is seen, and a step more or less of padding is no step of the recording.
TEST(SpeechReader, StepsFollowFromFramesAlone) {
  const SpeechSteps steps{.kernel = 7, .stride = 3};
  EXPECT_EQ(steps.tail(), 6);
  EXPECT_EQ(steps.of(1), 3);
  EXPECT_EQ(steps.of(30), 12);
  const std::vector<Tensor> features{test::noise({5, 2}, 1), test::noise({9, 2}, 2)};
  const Tensor batch = speech_batch(features, steps);
  EXPECT_EQ(batch.shape(), (Shape{2, 24, 2}));
  EXPECT_EQ(batch.as<float>()[10], 0.0F);
  EXPECT_EQ(batch.as<float>()[48], features[1].as<float>()[0]);
}

TEST(SpeechReader, CutsWhereItIsQuiet) {
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
TEST(SpeechReader, WordsAreSaidWhereItIsLoud) {
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

TEST(SpeechReader, PausesTellWhereWordsAre) {
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
