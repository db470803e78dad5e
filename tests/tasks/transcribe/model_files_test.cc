// Models written by 433a8ed write down a recording, and follow it live, as they did there.
#include <algorithm>

#include <gtest/gtest.h>

#include "chronicler/data/audio.h"
#include "chronicler/tasks/transcriber.h"
#include "support/written_answers.h"

namespace chronicler::tasks {
namespace {

void expect_same(const Transcript& now, const nlohmann::json& before) {
  EXPECT_EQ(now.text, before["text"].get<std::string>());
  ASSERT_EQ(now.words.size(), before["words"].size());
  for (std::size_t i = 0; i < now.words.size(); ++i) {
    const auto& word = before["words"][i];
    EXPECT_EQ(now.words[i].text, word["word"].get<std::string>());
    EXPECT_TRUE(test::same_as_written(now.words[i].begin, word["begin"]));
    EXPECT_TRUE(test::same_as_written(now.words[i].end, word["end"]));
    EXPECT_TRUE(test::same_as_written(now.words[i].probability, word["probability"]));
  }
}

TEST(TranscribeModelFiles, HearTheSame) {
  const auto models = test::written_models("transcribe");
  ASSERT_FALSE(models.empty());
  for (const test::WrittenModel& written : models) {
    SCOPED_TRACE(written.path);
    const Transcriber typist = Transcriber::load(written.path);
    const data::Audio sound = data::read_audio(test::written_file(written.answers["recording"]));
    expect_same(typist.run(sound), written.answers["run"]);
    expect_same(typist.run(sound, {.beams = 4}), written.answers["beams"]);
    if (!written.answers.contains("stream")) continue;
    EXPECT_TRUE(typist.is_streaming());
    TranscriptStream live = typist.stream(sound.rate);
    const std::span<const float> samples = sound.samples;
    for (std::size_t at = 0; at < samples.size(); at += 160)
      live.push(samples.subspan(at, std::min<std::size_t>(160, samples.size() - at)));
    live.finish();
    expect_same(live.transcript(), written.answers["stream"]);
  }
}

}  // namespace
}  // namespace chronicler::tasks
