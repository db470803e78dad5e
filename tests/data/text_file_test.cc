#include "chronicler/data/text_file.h"

#include <fstream>

#include <gtest/gtest.h>

#include "support/conformance.h"
#include "support/temporary_folder.h"

namespace chronicler::data {
namespace {

TEST(TextFile, LeavesOutMarkAndCarriageReturns) {
  EXPECT_EQ(clean_text("\xEF\xBB\xBFone\r\ntwo\rthree\n"), "one\ntwo\nthree\n");
  const test::TemporaryFolder folder;
  std::ofstream(folder.path("a.txt"), std::ios::binary) << "\xEF\xBB\xBFé\r\n";
  EXPECT_EQ(read_text(folder.path("a.txt")), "é\n");
}

TEST(TextFile, SaysWhatItCannotRead) {
  const test::TemporaryFolder folder;
  const std::string missing = folder.path("none.txt");
  EXPECT_EQ(test::error_of([&] { read_text(missing); }),
            "cannot read " + missing + ": No such file or directory");
  EXPECT_EQ(test::error_of([&] { read_text(folder.path()); }),
            "cannot read " + folder.path().string() + ": it is a folder: give a file in it");
  const std::string empty = folder.path("empty.txt");
  std::ofstream{empty};
  EXPECT_EQ(test::error_of([&] { read_text(empty); }),
            empty + " is empty: give a file with text in it");
}

}  // namespace
}  // namespace chronicler::data
