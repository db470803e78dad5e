#include "chronicler/data/csv_rows.h"

#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"
#include "support/temporary_folder.h"

namespace chronicler::data {
namespace {

using Rows = std::vector<std::vector<std::string>>;

class CsvRowsTest : public testing::Test {
 protected:
  std::string file(const std::string& contents) {
    const std::string path = folder_.path("data.csv");
    std::ofstream(path, std::ios::binary) << contents;
    return path;
  }
  Rows read(const std::string& contents, const CsvRowsOptions& options = {}) {
    CsvRows rows(file(contents), options);
    Rows result{rows.columns()};
    while (rows.next()) result.emplace_back(rows.cells().begin(), rows.cells().end());
    return result;
  }
  std::string message(const std::string& contents) {
    try {
      read(contents);
    } catch (const Error& error) {
      return error.message().substr(error.message().find("data.csv"));
    }
    return "no error";
  }
  test::TemporaryFolder folder_;
};

TEST_F(CsvRowsTest, ReadsEveryLineEndMarkAndDelimiter) {
  const Rows expected{{"a", "b"}, {"1", "2"}, {"3", "4"}};
  for (const std::string text : {"a,b\n1,2\n3,4\n", "a,b\r\n1,2\r\n3,4\r\n", "a,b\r1,2\r3,4",
                                 "a;b\n1;2\n\n3;4", "a\tb\n1\t2\n3\t4\n",
                                 "\xEF\xBB\xBF"
                                 "a,b\n1,2\n3,4\n",
                                 "\n\na,b\n1,2\n3,4\n"}) {
    EXPECT_EQ(read(text), expected) << text;
  }
}

TEST_F(CsvRowsTest, UndoesQuotes) {
  EXPECT_EQ(read("\"a, b\",c\n\"x\"\"y\",\"1\n2\"\n"), (Rows{{"a, b", "c"}, {"x\"y", "1\n2"}}));
}

TEST_F(CsvRowsTest, NumbersColumnsWithoutAHeader) {
  EXPECT_EQ(read("1,2\n3,4\n", {.header = false}),
            (Rows{{"column_1", "column_2"}, {"1", "2"}, {"3", "4"}}));
}

TEST_F(CsvRowsTest, KeepsGapsInAFileOfOneColumn) {
  EXPECT_EQ(read("x\n1\n\n\n4\n\n"), (Rows{{"x"}, {"1"}, {""}, {""}, {"4"}}));
}

TEST_F(CsvRowsTest, KnowsTheLineOfARow) {
  CsvRows rows(file("a,b\n\"1\n2\",3\n\n4,5\n"));
  rows.next();
  EXPECT_EQ(rows.line(), 2);
  rows.next();
  EXPECT_EQ(rows.line(), 5);
}

TEST_F(CsvRowsTest, RowsMayBeLongerThanWhatIsReadAtOnce) {
  const std::string wide(700'000, 'x');
  EXPECT_EQ(read("a,b\n" + wide + ",\"" + wide + "\"\n"), (Rows{{"a", "b"}, {wide, wide}}));
}

TEST_F(CsvRowsTest, NamesThePlaceOfWhatIsWrong) {
  EXPECT_EQ(message(""), "data.csv is empty, expected a header line and rows");
  EXPECT_EQ(message("a,b\n1,2\n3\n"), "data.csv:3: 1 cell, the first line has 2");
  EXPECT_EQ(message("a,b\n1,\"2\n"), "data.csv:2: the quote that opens here is never closed");
  EXPECT_EQ(message("a,b\n1,2\"3\n"), "data.csv:2: a quote in the middle of a cell");
  EXPECT_EQ(message("a,b\n1,\"2\"3\n"), "data.csv:2: text after a closing quote");
  EXPECT_EQ(message("a,b\n1,caf\xE9\n"), "data.csv:2: byte 0xe9 is not UTF-8");
  EXPECT_EQ(message("\xFF\xFE"
                    "a"),
            "data.csv is UTF-16 text, expected UTF-8");
  EXPECT_EQ(message("\x1F\x8B\x08"), "data.csv is a packed file, expected text");
  EXPECT_EQ(message("a,a\n1,2\n"), "data.csv:1: columns 1 and 2 are both called \"a\"");
}

TEST_F(CsvRowsTest, GivesTheRowsThatItLookedAhead) {
  CsvRows rows(file("a,b\n1,2\n\n3,4\n5,6\n"));
  EXPECT_EQ(rows.look_ahead(2), (Rows{{"1", "2"}, {"3", "4"}}));
  const std::vector<std::int64_t> lines{2, 4, 5};
  for (const std::int64_t line : lines) {
    ASSERT_TRUE(rows.next());
    EXPECT_EQ(rows.line(), line);
  }
  EXPECT_EQ(rows.cells()[1], "6");
  EXPECT_FALSE(rows.next());
}

TEST_F(CsvRowsTest, CountsDelimitersOutsideOfQuotes) {
  EXPECT_EQ(read("\"a, b, c\";d\n1;2\n"), (Rows{{"a, b, c", "d"}, {"1", "2"}}));
}

TEST_F(CsvRowsTest, NamesTheNearestColumn) {
  const CsvRows rows(file("open,close\n1,2\n"));
  EXPECT_EQ(rows.find("close"), 1U);
  try {
    rows.find("clsoe");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.hint().find("close"), std::string::npos);
  }
}

}  // namespace
}  // namespace chronicler::data
