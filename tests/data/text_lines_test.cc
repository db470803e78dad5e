#include "chronicler/data/text_lines.h"

#include <fstream>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"
#include "support/conformance.h"
#include "support/temporary_folder.h"

namespace chronicler::data {
namespace {

TEST(TextLines, GiveLinesAndSayWhatIsNone) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("a.txt");
  std::ofstream(path, std::ios::binary) << "\xEF\xBB\xBFone\r\n\nna\xEFve\n123456789\nlast";
  TextLines lines(path, 8);
  ASSERT_TRUE(lines.next());
  EXPECT_EQ(lines.line(), "one");
  EXPECT_EQ(lines.place(), path + ":1");
  lines.check();
  ASSERT_TRUE(lines.next());
  EXPECT_EQ(lines.line(), "");
  ASSERT_TRUE(lines.next());
  EXPECT_EQ(lines.fault(), "byte 0xef is not UTF-8");
  EXPECT_THROW(lines.check(), Error);
  ASSERT_TRUE(lines.next());
  EXPECT_EQ(lines.fault(), "a line of more than 8 bytes");
  EXPECT_EQ(test::error_of([&] { lines.check(); }),
            path + ":4: a line of more than 8 bytes: is this a text file? Break it into lines");
  ASSERT_TRUE(lines.next());
  EXPECT_EQ(lines.line(), "last");
  EXPECT_EQ(lines.fault(), "");
  EXPECT_FALSE(lines.next());
}

TEST(TextLines, EndAtEveryKindOfLineEnd) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("a.txt");
  std::ofstream(path, std::ios::binary) << "a\rb\r\nc\n\r\nd";
  TextLines lines(path);
  std::string all;
  while (lines.next()) all += lines.line() + "|";
  EXPECT_EQ(all, "a|b|c||d|");
}

TEST(TextLines, RefuseWhatCannotBeRead) {
  const test::TemporaryFolder folder;
  EXPECT_THROW(TextLines(folder.path("none.txt")), Error);
  EXPECT_THROW(TextLines(folder.path()), Error);
}

}  // namespace
}  // namespace chronicler::data
