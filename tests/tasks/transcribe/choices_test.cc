#include "tasks/transcribe/choices.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/conformance.h"
#include "support/made_speech.h"

namespace chronicler::tasks {
namespace {

using test::error_of;

TranscriberOptions chosen(TranscriberOptions options, std::size_t count, bool is_single) {
  const std::vector<data::Recording> recordings(count, test::spoken({0}, 1));
  choose(options, recordings, SpeechLabels("word", false, {"low"}), is_single);
  return options;
}

TEST(TranscriberChoices, EveryFieldIsChecked) {
  EXPECT_EQ(error_of([] { check({.bands = 3}); }),
            "bands of Transcriber must be from 4 to 256, got 3");
  EXPECT_EQ(error_of([] { check({.top_db = -1.0}); }),
            "top_db of Transcriber must be from 0 to 200, got -1");
  EXPECT_EQ(error_of([] { check({.augmentation = data::AugmentationOptions{.noise = 2.0}}); }),
            "noise of Augmentation must be from 0 to 1, got 2");
  EXPECT_EQ(error_of([] { check({.resume = true}); }),
            "a run can only be resumed from a checkpoint: give the checkpoint's file");
}

TEST(TranscriberChoices, AreMadeFromTheRecordings) {
  const TranscriberOptions few = chosen({}, 8, false);
  check(few);
  EXPECT_EQ(few.rate, test::speech_rate);
  EXPECT_EQ(few.level, "word");
  EXPECT_EQ(few.stride, 3);
  EXPECT_EQ(few.units, 128);
  EXPECT_EQ(few.normalize, "recording");
  EXPECT_EQ(few.top_db, 0.0);
  EXPECT_EQ(few.batch_size, 8);
  EXPECT_EQ(few.epochs, 200);
  EXPECT_TRUE(few.augmentation.has_value());
  EXPECT_EQ(chosen({}, 250, false).batch_size, 16);
  EXPECT_EQ(chosen({}, 8, true).top_db, 30.0);
}

TEST(TranscriberChoices, LiveSoundIsNotMeasuredByItsEnd) {
  const TranscriberOptions live = chosen({.streaming = true}, 8, true);
  check(live);
  EXPECT_EQ(live.normalize, "training");
  EXPECT_EQ(live.top_db, 0.0);
  EXPECT_EQ(live.units, 160);
}

TEST(TranscriberChoices, WhatIsGivenStays) {
  const TranscriberOptions given =
      chosen({.top_db = 12.0, .rate = 4000, .stride = 1, .dropout = 0.0, .epochs = 3}, 8, true);
  EXPECT_EQ(given.top_db, 12.0);
  EXPECT_EQ(given.rate, 4000);
  EXPECT_EQ(given.stride, 1);
  EXPECT_EQ(given.dropout, 0.0);
  EXPECT_EQ(given.epochs, 3);
}

}  // namespace
}  // namespace chronicler::tasks
