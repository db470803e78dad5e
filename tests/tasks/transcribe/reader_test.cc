#include "tasks/transcribe/reader.h"

#include <gtest/gtest.h>

#include "support/conformance.h"
#include "support/made_speech.h"

namespace chronicler::tasks {
namespace {

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

}  // namespace
}  // namespace chronicler::tasks
