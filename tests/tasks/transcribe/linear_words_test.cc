#include "tasks/transcribe/linear_words.h"

#include <gtest/gtest.h>

#include "support/made_speech.h"

namespace chronicler::tasks {
namespace {

using test::spoken;

TEST(LinearWords, TellsMadeWordsApart) {
  const data::Recording first = spoken({0}, 0);
  const data::LogMel log_mel({.rate = first.audio.rate, .bands = 24});
  std::vector<std::vector<float>> sounds;
  std::vector<std::int32_t> labels;
  for (int i = 0; i < 36; ++i) {
    sounds.push_back(spoken({i % 3}, static_cast<std::uint64_t>(i)).audio.samples);
    labels.push_back(1 + i % 3);
  }
  const LinearWords linear(log_mel, sounds, labels, 4);
  int right = 0;
  for (int i = 0; i < 30; ++i) {
    const std::vector<float> sound =
        spoken({i % 3}, 100 + static_cast<std::uint64_t>(i)).audio.samples;
    right += linear.label(log_mel, sound) == 1 + i % 3 ? 1 : 0;
  }
  EXPECT_GE(right, 29);
  // A recording of a single frame is a picture too.
  EXPECT_GE(linear.label(log_mel, std::vector<float>(10, 0.1F)), 0);
}

}  // namespace
}  // namespace chronicler::tasks
