#include "data/text_table.h"

#include <fstream>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"
#include "support/temporary_folder.h"

namespace chronicler::data {
namespace {

using Cells = std::vector<std::string>;

class TextTableTest : public ::testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& content) const {
    std::ofstream(folder_.path(name), std::ios::binary) << content;
    return folder_.path(name);
  }
  // The cells of each row, or the fault as its only cell.
  static std::vector<Cells> rows(const std::string& path, bool faults = false) {
    TextTable table(path, {.kind = table_kind(path, TextTableKind::lines), .gives_faults = faults});
    std::vector<Cells> all;
    while (table.next())
      all.push_back(table.row().fault.empty() ? table.row().cells : Cells{table.row().fault});
    return all;
  }
  test::TemporaryFolder folder_;
};

TEST_F(TextTableTest, KnowsKindsByTheirNames) {
  EXPECT_EQ(table_kind("a.CSV", TextTableKind::lines), TextTableKind::csv);
  EXPECT_EQ(table_kind("a.tsv", TextTableKind::lines), TextTableKind::tsv);
  for (const char* name : {"a.jsonl", "a.ndjson", "a.json"})
    EXPECT_EQ(table_kind(name, TextTableKind::lines), TextTableKind::json);
  EXPECT_EQ(table_kind("a.txt", TextTableKind::lines), TextTableKind::lines);
  EXPECT_EQ(table_kind("-", TextTableKind::tsv), TextTableKind::tsv);
}

TEST_F(TextTableTest, ReadsEachKind) {
  EXPECT_EQ(rows(file("a.csv", "a;\"b;\nc\"\n\nd;e\n")),
            (std::vector<Cells>{{"a", "b;\nc"}, {"d", "e"}}));
  EXPECT_EQ(rows(file("a.tsv", "a\t\"b\nd\t\n")), (std::vector<Cells>{{"a", "\"b"}, {"d", ""}}));
  EXPECT_EQ(rows(file("a.txt", "a\tb\r\n\r\nc")), (std::vector<Cells>{{"a\tb"}, {""}, {"c"}}));
  EXPECT_EQ(rows(file("a.jsonl", "{\"x\": \"a\", \"y\": 1}\n \n{\"y\": null, \"z\": [2]}\n")),
            (std::vector<Cells>{{"a", "1"}, {"", "", "[2]"}}));
  for (const char* name : {"e.csv", "e.tsv", "e.txt", "e.jsonl"})
    EXPECT_TRUE(rows(file(name, "")).empty()) << name;
}

TEST_F(TextTableTest, GivesFaultsWhereAsked) {
  const std::string path = file("a.jsonl", "{\"x\": 1}\n{\"x\": \n[1]\n\xFF\n{\"x\": 2}\n");
  EXPECT_THROW(rows(path), Error);
  const std::vector<Cells> all = rows(path, true);
  ASSERT_EQ(all.size(), 5U);
  EXPECT_EQ(all[0], Cells{"1"});
  EXPECT_EQ(all[2], Cells{"[1] is not an object"});
  EXPECT_EQ(all[3], Cells{"byte 0xff is not UTF-8"});
  EXPECT_EQ(all[4], Cells{"2"});
  // Depth, size and zero bytes end in a sentence.
  EXPECT_EQ(rows(file("b.jsonl", "{\"x\": " + std::string(100'000, '[') + "\n"), true).size(), 1U);
  EXPECT_EQ(rows(file("c.jsonl", std::string("{\"x\": \"\0\"}\n", 11)), true).size(), 1U);
  EXPECT_THROW(rows(folder_.path("none.csv")), Error);
  EXPECT_THROW(rows(file("z.tsv",
                         "\xFF\xFE"
                         "a\n")),
               Error);
}

TEST_F(TextTableTest, FindsColumns) {
  const Cells names{"Gr\u00F6\u00DFe", "b", "2"};
  EXPECT_EQ(column_place(names, "Gro\u0308\u00DFe"), 0U);
  EXPECT_EQ(column_place(names, "2"), 2U);  // a name before a number
  EXPECT_EQ(column_place(names, "1"), 0U);
  EXPECT_EQ(column_place(names, "4"), std::nullopt);
  EXPECT_EQ(column_place(names, "0"), std::nullopt);
  EXPECT_EQ(names_shown({"a", "b\n"}), "\"a\", \"b\\x0a\"");
}

}  // namespace
}  // namespace chronicler::data
