#include "chronicler/data/csv.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"
#include "support/source_dir.h"

namespace chronicler::data {
namespace {

using std::string_literals::operator""s;

template <class Call>
Error caught(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no Error was thrown";
  return Error("none");
}

template <class Element>
std::vector<Element> values(const Tensor& tensor) {
  const auto span = tensor.span<Element>();
  return {span.begin(), span.end()};
}

TEST(Csv, ReadsHeaderAndNumbers) {
  const Table table = parse_csv("day,low,high\n2024-01-01,-1.5,4\n2024-01-02,0,5e-1\n");
  EXPECT_EQ(table.rows(), 2);
  EXPECT_EQ(table.columns(), (std::vector<std::string>{"day", "low", "high"}));
  EXPECT_EQ(values<float>(table.numbers("low")), (std::vector<float>{-1.5F, 0.0F}));
  EXPECT_EQ(table.numbers("low").shape(), Shape({2}));
  EXPECT_EQ(table.text("day"), (std::vector<std::string>{"2024-01-01", "2024-01-02"}));

  const std::vector<std::string> both = {"high", "low"};
  const Tensor block = table.numbers(both, DType::float64);
  EXPECT_EQ(block.shape(), Shape({2, 2}));
  EXPECT_EQ(values<double>(block), (std::vector<double>{4.0, -1.5, 0.5, 0.0}));
}

TEST(Csv, AcceptsEveryLineEndAndAByteOrderMark) {
  for (const std::string& text :
       {"a,b\n1,2\n3,4\n"s, "a,b\r\n1,2\r\n3,4\r\n"s, "a,b\r1,2\r3,4"s, "a,b\n1,2\n3,4"s,
        "\xEF\xBB\xBF"s + "a,b\n1,2\n3,4\n", "a,b\n\n1,2\n\n\n3,4\n\n"s, "\na,b\n1,2\n3,4\n"s}) {
    const Table table = parse_csv(text);
    EXPECT_EQ(values<float>(table.numbers("a")), (std::vector<float>{1, 3})) << text;
    EXPECT_EQ(values<float>(table.numbers("b")), (std::vector<float>{2, 4})) << text;
  }
}

TEST(Csv, UnderstandsQuotes) {
  const Table table = parse_csv(
      "\"name, in full\",text\n\"a\"\"b\",\"line 1\nline 2\"\n\"\",\"x,y\"\r\nplain,\"\"\"\"\n");
  EXPECT_EQ(table.columns()[0], "name, in full");
  EXPECT_EQ(table.text("name, in full"), (std::vector<std::string>{"a\"b", "", "plain"}));
  EXPECT_EQ(table.text("text"), (std::vector<std::string>{"line 1\nline 2", "x,y", "\""}));
}

TEST(Csv, CountsLinesInsideQuotes) {
  const Table table = parse_csv("a,b\n\"1\n2\",3\n4,oops\n", "data.csv");
  EXPECT_EQ(caught([&] { table.numbers("b"); }).message(),
            "data.csv:4: column \"b\": \"oops\" is not a number");
}

TEST(Csv, ReadsOtherDelimitersAndDecimalCommas) {
  const Table table = parse_csv("a;b\n1,5;-2\n", "<text>", {.delimiter = ';', .decimal = ','});
  const Table marked = parse_csv("a;b\n1.298,5;1 288\n", "<text>",
                                 {.delimiter = ';', .decimal = ',', .thousands = ". "});
  EXPECT_EQ(values<float>(marked.numbers("a")), (std::vector<float>{1298.5F}));
  EXPECT_EQ(values<float>(marked.numbers("b")), (std::vector<float>{1288.0F}));
  // Without being told, a mark between thousands is not guessed at.
  EXPECT_THROW(
      parse_csv("a;b\n1.298,5;1\n", "<text>", {.delimiter = ';', .decimal = ','}).numbers("a"),
      Error);
  EXPECT_THROW(parse_csv("a\n\"1,298\"\n").numbers("a"), Error);
  EXPECT_EQ(values<float>(table.numbers("a")), (std::vector<float>{1.5F}));
  const Table tabs = parse_csv("a\tb\n1\t2\n", "<text>", {.delimiter = '\t'});
  EXPECT_EQ(values<float>(tabs.numbers("b")), (std::vector<float>{2}));
}

TEST(Csv, NumbersColumnsWithoutNames) {
  const Table table = parse_csv("1,2\n3,4\n", "<text>", {.header = false});
  EXPECT_EQ(table.columns(), (std::vector<std::string>{"column_1", "column_2"}));
  EXPECT_EQ(values<float>(table.numbers("column_2")), (std::vector<float>{2, 4}));
  EXPECT_EQ(parse_csv(",x\n0,5\n").columns()[0], "column_1");
}

TEST(Csv, AcceptsTheWaysNumbersAreWritten) {
  const Table table = parse_csv("x\n +1 \n-0\n1e3\n.5\n5.\n123456789012345678901234567890\n");
  const auto numbers = values<double>(table.numbers("x", DType::float64));
  EXPECT_EQ(numbers, (std::vector<double>{1, 0, 1000, 0.5, 5, 123456789012345678901234567890.0}));
  EXPECT_EQ(values<std::int32_t>(parse_csv("x\n7\n-3\n").numbers("x", DType::int32)),
            (std::vector<std::int32_t>{7, -3}));
}

TEST(Csv, RefusesWhatIsNotANumberNamingThePlace) {
  std::string text = "open,close\n";
  for (int line = 2; line < 812; ++line) text += "1,2\n";
  const Table table = parse_csv(text + "1,\"12,4\"\n", "data.csv");
  const Error error = caught([&] { table.numbers("close"); });
  EXPECT_EQ(error.message(), "data.csv:812: column \"close\": \"12,4\" is not a number");
  EXPECT_NE(error.hint().find("decimal"), std::string::npos);
  EXPECT_NO_THROW(table.numbers("open"));

  for (const std::string bad :
       {"1 2", "0x1p3", "1e", "--1", "+-1", "12a", "1.2.3", "2024-01-01", "1'000"}) {
    const Table one = parse_csv("x\n" + bad + "\n", "f");
    EXPECT_EQ(caught([&] { one.numbers("x"); }).message(),
              "f:2: column \"x\": \"" + bad + "\" is not a number");
  }
  for (const std::string bad : {"inf", "-inf", "infinity", "NAN"}) {
    const Table one = parse_csv("x\n" + bad + "\n", "f");
    EXPECT_EQ(caught([&] { one.numbers("x"); }).message(),
              "f:2: column \"x\": \"" + bad + "\" is not finite");
  }
}

TEST(Csv, RefusesNumbersThatDoNotFitTheType) {
  const Table table = parse_csv("x,y,z\n1e999,1e300,1.5\n", "f");
  EXPECT_EQ(caught([&] { table.numbers("x", DType::float64); }).message(),
            "f:2: column \"x\": \"1e999\" does not fit in a 64-bit number");
  EXPECT_EQ(caught([&] { table.numbers("y"); }).message(),
            "f:2: column \"y\": \"1e300\" does not fit in float32");
  EXPECT_NO_THROW(table.numbers("y", DType::float64));
  EXPECT_EQ(caught([&] { table.numbers("z", DType::int32); }).message(),
            "f:2: column \"z\": \"1.5\" is not a whole number");
  EXPECT_THROW(table.numbers("z", DType::boolean), Error);
}

TEST(Csv, RefusesMissingCellsUnlessAskedOtherwise) {
  for (const std::string cell : {"", " ", "NA", "nan", "null", "-"}) {
    const std::string text = "a,x\n1,2\n2," + cell + "\n";
    const Error error = caught([&] { parse_csv(text, "f").numbers("x"); });
    EXPECT_TRUE(error.message().starts_with("f:3: column \"x\": ")) << error.message();
    EXPECT_NE(error.message().find("expected a number"), std::string::npos);
    const Table lenient = parse_csv(text, "f", {.missing = Missing::nan});
    const auto numbers = values<float>(lenient.numbers("x"));
    EXPECT_EQ(numbers[0], 2.0F);
    EXPECT_TRUE(std::isnan(numbers[1]));
    EXPECT_THROW(lenient.numbers("x", DType::int32), Error);
  }
}

TEST(Csv, KeepsGapsInATableOfOneColumn) {
  const Table table = parse_csv("x\n1\n\n3\n\n\n", "f", {.missing = Missing::nan});
  const auto numbers = values<float>(table.numbers("x"));
  ASSERT_EQ(numbers.size(), 3U);
  EXPECT_TRUE(std::isnan(numbers[1]));
  EXPECT_EQ(caught([] { parse_csv("x\n1\n\n3\n", "f").numbers("x"); }).message(),
            "f:3: column \"x\": \"\" is empty, expected a number");
}

TEST(Csv, RefusesRowsOfAnotherLength) {
  EXPECT_EQ(caught([] { parse_csv("a,b\n1,2\n3\n", "f"); }).message(),
            "f:3: 1 cell, the first line has 2");
  EXPECT_EQ(caught([] { parse_csv("a,b\n1,2,\n", "f"); }).message(),
            "f:2: 3 cells, the first line has 2");
}

TEST(Csv, RefusesFilesWithoutRows) {
  for (const std::string text : {"", "\n\n", "\xEF\xBB\xBF", "  \r\n"}) {
    EXPECT_EQ(caught([&] { parse_csv(text, "f"); }).message(),
              "f is empty, expected a header line and rows");
  }
  EXPECT_EQ(caught([] { parse_csv("a,b\n", "f"); }).message(), "f has a header line but no rows");
}

TEST(Csv, RefusesQuotesOutOfPlace) {
  EXPECT_EQ(caught([] { parse_csv("a,b\n1,\"2\n3,4\n", "f"); }).message(),
            "f:2: the quote that opens here is never closed");
  EXPECT_EQ(caught([] { parse_csv("a,b\n1,2\"3\n", "f"); }).message(),
            "f:2: a quote in the middle of a cell");
  EXPECT_EQ(caught([] { parse_csv("a,b\n1,\"2\"3\n", "f"); }).message(),
            "f:2: text after a closing quote");
}

TEST(Csv, RefusesWhatIsNotUtf8) {
  EXPECT_EQ(caught([] { parse_csv("a,b\n1,caf\xE9\n", "f"); }).message(),
            "f:2: byte 0xe9 is not UTF-8");
  EXPECT_EQ(caught([] {
              parse_csv(
                  "\xFF\xFE"
                  "a\0,\0"s,
                  "f");
            }).message(),
            "f is UTF-16 text, expected UTF-8");
  EXPECT_EQ(caught([] { parse_csv("a\n1\0\n"s, "f"); }).message(), "f:2: a zero byte is no text");
  for (const std::string bad : {"\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\x80",
                                "\xF8\x88\x80\x80\x80"}) {
    EXPECT_THROW(parse_csv("a\n" + bad + "\n"), Error);
  }
  EXPECT_EQ(parse_csv("a\n\u00e9\u20ac\U0001F600\n").text("a")[0], "\u00e9\u20ac\U0001F600");
}

TEST(Csv, RefusesDoubledNamesAndListsNearOnes) {
  EXPECT_EQ(caught([] { parse_csv("a,b,a\n1,2,3\n", "f"); }).message(),
            "f:1: columns 1 and 3 are both called \"a\"");
  const Table table = parse_csv("open,close\n1,2\n", "f");
  const Error error = caught([&] { table.numbers("clsoe"); });
  EXPECT_NE(error.message().find("\"clsoe\""), std::string::npos);
  EXPECT_NE(error.hint().find("close"), std::string::npos);
  const Table wrong = parse_csv("open;close\n1;2\n", "f");
  EXPECT_NE(caught([&] { wrong.numbers("open"); }).hint().find("';'"), std::string::npos);
}

TEST(Csv, RefusesOptionsThatContradict) {
  EXPECT_THROW(parse_csv("a\n1\n", "f", {.delimiter = '"'}), Error);
  EXPECT_THROW(parse_csv("a\n1\n", "f", {.decimal = ','}), Error);
  EXPECT_THROW(parse_csv("a\n1\n", "f", {.delimiter = ';', .decimal = ';'}), Error);
}

TEST(Csv, ShowsLongAndStrangeCellsOnOneShortLine) {
  const Table table = parse_csv("x\n\"a\nb\"\n" + std::string(5000, 'z') + "\n", "f");
  EXPECT_EQ(caught([&] { table.numbers("x"); }).message(),
            "f:2: column \"x\": \"a\\x0ab\" is not a number");
  const Table wide = parse_csv("x\n" + std::string(5000, 'z') + "\n", "f");
  EXPECT_LT(caught([&] { wide.numbers("x"); }).message().size(), 100U);
}

TEST(Csv, ReadsWideTables) {
  std::string header = "c0";
  std::string row = "0";
  for (int i = 1; i < 100000; ++i) {
    header += ",c" + std::to_string(i);
    row += "," + std::to_string(i);
  }
  const Table table = parse_csv(header + "\n" + row + "\n");
  EXPECT_EQ(values<float>(table.numbers("c99999"))[0], 99999.0F);
}

class CsvFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("chronicler_csv_" +
               std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

TEST_F(CsvFile, ReadsAndNamesTheFile) {
  const auto path = folder_ / "data.csv";
  std::ofstream(path) << "x\n1\ny\n";
  const Table table = read_csv(path);
  EXPECT_EQ(caught([&] { table.numbers("x"); }).message(),
            path.string() + ":3: column \"x\": \"y\" is not a number");
}

TEST_F(CsvFile, SaysWhyAFileCannotBeRead) {
  const auto missing = folder_ / "nothing.csv";
  EXPECT_EQ(caught([&] { read_csv(missing); }).message().find("cannot read " + missing.string()),
            0U);
  EXPECT_NE(caught([&] { read_csv(folder_); }).message().find("it is a folder"), std::string::npos);
  std::filesystem::create_symlink(folder_ / "loop", folder_ / "loop");
  EXPECT_THROW(read_csv(folder_ / "loop"), Error);
  const auto large = folder_ / "large.csv";
  std::ofstream(large) << "x\n" << std::string(100, '1') << "\n";
  EXPECT_NE(
      caught([&] { read_csv(large, {.max_bytes = 50}); }).message().find("larger than 50 bytes"),
      std::string::npos);
}

TEST(Csv, ReadsTheShippedData) {
  const std::filesystem::path folder = test::source_dir() / "examples/data";
  const Table digits = read_csv(folder / "digits.csv");
  EXPECT_EQ(digits.rows(), 1797);
  EXPECT_EQ(digits.columns().size(), 65U);
  EXPECT_EQ(values<std::int32_t>(digits.numbers("label", DType::int32))[2], 2);
  const Table sunspots = read_csv(folder / "sunspots.csv");
  EXPECT_EQ(sunspots.rows(), 2820);
  EXPECT_EQ(sunspots.text("Month").front(), "1749-01");
  EXPECT_FLOAT_EQ(values<float>(sunspots.numbers("Sunspots")).back(), 33.4F);
}

}  // namespace
}  // namespace chronicler::data
