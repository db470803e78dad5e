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

// By all of the first rows, not by the first alone: prose has commas.
TEST_F(CsvRowsTest, FindsTheDelimiterThatAllRowsHave) {
  for (const char delimiter : {',', ';', '\t', '|'}) {
    const std::string between(1, delimiter);
    std::string text = "well; now, and so" + between + "gut, ja\n";
    if (delimiter == ',' || delimiter == ';') text = "well" + between + "gut\n";
    text += "a" + between + "b\n\"c, d; e\n f|\tg\"" + between + "\"h\"\n";
    EXPECT_EQ(read(text, {.header = false}).back(), (Rows{{"c, d; e\n f|\tg", "h"}}.front()))
        << text;
  }
  EXPECT_EQ(read("1,5;2,5\n3,5;4,5\n", {.header = false}).back(), (Rows{{"3,5", "4,5"}}.front()));
}

TEST_F(CsvRowsTest, NamesThatLookTheSameAreTheSame) {
  CsvRows rows(file("Gro\u0308\u00DFe , a\u00A0b\n1,2\n"));
  EXPECT_EQ(rows.columns(), (std::vector<std::string>{"Gr\u00F6\u00DFe", "a b"}));
  EXPECT_EQ(rows.find("Gr\u00F6\u00DFe"), 0U);
  EXPECT_EQ(rows.find("Gro\u0308\u00DFe"), 0U);
}

TEST_F(CsvRowsTest, GivesFaultsWhereAsked) {
  const std::string text =
      "a,b\nx,y\"z\nc,\xFF\n\"d\"e,f\nlonger than thirty bytes, all in all\ng\nh,i,j\n";
  CsvRows rows(file(text), {.header = false, .gives_faults = true, .longest = 30});
  std::vector<std::string> faults;
  std::vector<std::size_t> sizes;
  while (rows.next()) {
    faults.push_back(rows.fault());
    sizes.push_back(rows.cells().size());
  }
  EXPECT_EQ(faults, (std::vector<std::string>{
                        "", "a quote in the middle of a cell", "byte 0xff is not UTF-8",
                        "text after a closing quote", "a line of more than 30 bytes", "", ""}));
  EXPECT_EQ(sizes, (std::vector<std::size_t>{2, 0, 0, 0, 0, 1, 3}));
  // Which lines are rows is not known: no row is left out for it.
  CsvRows swallowing(file("a,b\n\"c,d\ne,f\n\"g,h\n"), {.header = false, .gives_faults = true});
  swallowing.next();
  EXPECT_THROW(swallowing.next(), Error);
}

TEST_F(CsvRowsTest, WithoutQuotesEveryLineIsARow) {
  EXPECT_EQ(read("\"a\tb\n\"\"\t\"c\n", {.delimiter = '\t', .quotes = false}),
            (Rows{{"\"a", "b"}, {"\"\"", "\"c"}}));
}

// A quote that is left open, and a line without end, do not take all memory.
TEST_F(CsvRowsTest, StopsWhereAQuoteIsLeftOpen) {
  const std::string path = folder_.path("data.csv");
  {
    std::ofstream out(path, std::ios::binary);
    out << "a,b\n1,\"2\n";
    const std::string block(1U << 20U, 'x');
    for (int i = 0; i < 8; ++i) out << block << '\n';
  }
  CsvRows rows(path);
  try {
    rows.next();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), path + ":2: the quote that opens here is never closed");
  }
  EXPECT_LT(rows.bytes_read(), std::int64_t{5} << 20);
}

// Every byte of a table changed, and cut off anywhere: rows, or a sentence that names the file.
TEST_F(CsvRowsTest, MutationsAreNoCrash) {
  const std::string whole = "\xEF\xBB\xBF\"a\";b\r\n\"x\"\"y\";\"1\r\n2\"\r\n\r\nc;d\r";
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const char change : {'"', '\n', '\0'}) {
      for (const bool cut : {false, true}) {
        std::string text = whole;
        text[at] = change;
        if (cut) text.resize(at + 1);
        for (const bool faults : {false, true}) {
          try {
            CsvRows rows(file(text), {.header = false, .gives_faults = faults});
            while (rows.next()) EXPECT_TRUE(faults || rows.cells().size() == rows.columns().size());
          } catch (const Error& error) {
            EXPECT_NE(error.message().find("data.csv"), std::string::npos) << error.what();
          }
        }
      }
    }
  }
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
