#include "chronicler/data/recordings.h"

#include <fstream>

#include <gtest/gtest.h>

#include "support/conformance.h"
#include "support/temporary_folder.h"

namespace chronicler::data {
namespace {

using test::error_of;

class RecordingLists : public ::testing::Test {
 protected:
  RecordingLists() {
    std::filesystem::create_directory(folder_.path("sounds"));
    for (const char* name : {"sounds/a.wav", "sounds/b.wav"})
      write_wav(folder_.path(name), {std::vector<float>(80, 0.1F), 8000});
  }
  std::string list(const std::string& content, const std::string& name = "list.tsv") {
    std::ofstream(folder_.path(name), std::ios::binary) << content;
    return folder_.path(name);
  }
  test::TemporaryFolder folder_;
};

TEST_F(RecordingLists, PathsAreRelativeToTheList) {
  const Recordings read =
      read_recordings(list("path\ttext\nsounds/a.wav\tone \"two\"\nsounds/b.wav\tthree\n"));
  ASSERT_EQ(read.recordings.size(), 2U);
  EXPECT_EQ(read.recordings[0].text, "one \"two\"");
  EXPECT_EQ(read.recordings[1].audio.rate, 8000);
  EXPECT_TRUE(read.skipped.empty());
}

TEST_F(RecordingLists, ColumnsByUsualOrGivenNames) {
  EXPECT_EQ(read_recordings(list("n,file,transcript\n1,sounds/a.wav,\"yes, no\"\n", "l.csv"))
                .recordings[0]
                .text,
            "yes, no");
  EXPECT_EQ(
      read_recordings(list("{\"audio_filepath\": \"sounds/a.wav\", \"text\": \"hi\"}\n", "l.jsonl"))
          .recordings[0]
          .text,
      "hi");
  EXPECT_EQ(read_recordings(list("where\tpath\twhat\nsounds/a.wav\tx\tgo\n"),
                            {.path = "where", .text = "what"})
                .recordings[0]
                .text,
            "go");
}

TEST_F(RecordingLists, ReadsTablesAsAllTasksDo) {
  for (const std::string text : {"Path;Text\r\nsounds/a.wav;\"one; \"\"two\"\"\"\r\n\r\n",
                                 "\"path\"|\"text\"\n\"sounds/a.wav\"|\"one; \"\"two\"\"\"\n",
                                 "\xEF\xBB\xBF"
                                 "file,\"transcript\"\rsounds/a.wav,\"one; \"\"two\"\"\"\r"}) {
    const Recordings read = read_recordings(list(text, "l.csv"));
    ASSERT_EQ(read.recordings.size(), 1U) << text;
    EXPECT_EQ(read.recordings[0].text, "one; \"two\"");
    EXPECT_TRUE(read.skipped.empty());
  }
  const Recordings read = read_recordings(
      list("path,text\nsounds/a.wav,one\nsounds/a.wav\nsounds/a.wav,\u00A0\n", "l.csv"));
  EXPECT_EQ(read.recordings.size(), 1U);
  EXPECT_EQ(read.skipped.size(), 2U);
}

// One bad row does not end a long run before it began.
TEST_F(RecordingLists, BadRowsArePassedOver) {
  std::ofstream(folder_.path("sounds/bad.wav")) << "no sound";
  const std::string file = list(
      "path\ttext\nsounds/none.wav\tone\nsounds/a.wav\ttwo\nsounds/b.wav\t \nsounds/bad.wav\tx\n");
  const Recordings read = read_recordings(file);
  ASSERT_EQ(read.recordings.size(), 1U);
  EXPECT_EQ(read.recordings[0].text, "two");
  ASSERT_EQ(read.skipped.size(), 3U);
  EXPECT_TRUE(read.skipped[0].starts_with(file + ":2: cannot read \"")) << read.skipped[0];
  EXPECT_EQ(read.skipped[1], file + ":4: no text for \"sounds/b.wav\"");
  EXPECT_TRUE(read.skipped[2].starts_with(file + ":5: ")) << read.skipped[2];
}

// Though they are read side by side, and libsndfile has one place for why.
TEST_F(RecordingLists, SaysOfEachWhyItCannotBeRead) {
  std::ofstream(folder_.path("sounds/bad.wav")) << "no sound";
  std::string rows = "path\ttext\n";
  for (int i = 0; i < 200; ++i) rows += "sounds/bad.wav\tx\nsounds/a.wav\tone\n";
  const Recordings read = read_recordings(list(rows));
  ASSERT_EQ(read.skipped.size(), 200U);
  for (const std::string& reason : read.skipped)
    EXPECT_EQ(reason.find("No Error"), std::string::npos) << reason;
}

TEST_F(RecordingLists, RefusesWhatIsNoList) {
  const std::string other = list("a\tb\nc\td\n");
  EXPECT_TRUE(error_of([&] { read_recordings(other); })
                  .starts_with("\"" + other +
                               "\" has no column for paths: its first line is \"a\", \"b\": "));
  EXPECT_TRUE(error_of([&] {
                read_recordings(other, {.path = "a", .text = "z"});
              }).find("has no column \"z\"") != std::string::npos);
  EXPECT_TRUE(
      error_of([&] { read_recordings(folder_.path("none.tsv")); }).starts_with("cannot read \""));
  EXPECT_TRUE(error_of([&] {
                read_recordings(list("path\ttext\nnone.wav\tx\n"));
              }).find("leaves no recording: ") != std::string::npos);
  EXPECT_TRUE(error_of([&] {
                read_recordings(list("path\ttext\nsounds/a.wav\t\xFF\n"));
              }).find("UTF-8") != std::string::npos);
}

}  // namespace
}  // namespace chronicler::data
