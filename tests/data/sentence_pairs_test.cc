#include "chronicler/data/sentence_pairs.h"

#include <fstream>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"
#include "support/temporary_folder.h"

namespace chronicler::data {
namespace {

using Texts = std::vector<std::string>;

class SentencePairsTest : public ::testing::Test {
 protected:
  SentencePairs read(const std::string& content, const std::string& name = "pairs.tsv",
                     const SentencePairsOptions& options = {}) const {
    std::ofstream(folder_.path(name), std::ios::binary) << content;
    return read_sentence_pairs(folder_.path(name), options);
  }
  std::string error_of(const std::string& content, const SentencePairsOptions& options = {}) const {
    try {
      read(content, "pairs.tsv", options);
    } catch (const Error& error) {
      return std::string(error.message()) + "; " + std::string(error.hint());
    }
    return "no error";
  }

  test::TemporaryFolder folder_;
};

TEST_F(SentencePairsTest, ReadsTwoColumns) {
  const SentencePairs pairs = read("\xEF\xBB\xBFGo.\tVa !\r\n\r\n\"Hi\" \tSalut\tmore\r\n");
  EXPECT_EQ(pairs.sources, (Texts{"Go.", "\"Hi\""}));
  EXPECT_EQ(pairs.targets, (Texts{"Va !", "Salut"}));
  EXPECT_EQ(pairs.skipped, 0);
}

TEST_F(SentencePairsTest, FindsColumnsByNameOrNumber) {
  const std::string text = "id\tde\ten\n1\tHund\tdog\n";
  const SentencePairs named = read(text, "a.tsv", {.source = "de", .target = "en"});
  EXPECT_EQ(named.sources, (Texts{"Hund"}));
  EXPECT_EQ(named.targets, (Texts{"dog"}));
  const SentencePairs turned = read("a\tb\n", "b.tsv", {.source = "2"});
  EXPECT_EQ(turned.sources, (Texts{"b"}));
  EXPECT_EQ(turned.targets, (Texts{"a"}));
  EXPECT_NE(
      error_of(text, {.source = "fr"}).find("has no column \"fr\"; name one of its first row"),
      std::string::npos);
  EXPECT_NE(error_of(text, {.source = "4"}).find("1 to 3"), std::string::npos);
}

TEST_F(SentencePairsTest, ReadsCommaSeparatedValues) {
  const SentencePairs pairs = read("\"a, b\",\"say \"\"c\"\"\"\n", "pairs.csv");
  EXPECT_EQ(pairs.sources, (Texts{"a, b"}));
  EXPECT_EQ(pairs.targets, (Texts{"say \"c\""}));
}

TEST_F(SentencePairsTest, CellsMayHoldLineEndsAndAnyDelimiter) {
  for (const char delimiter : {',', ';', '\t', '|'}) {
    const std::string between(1, delimiter);
    for (const std::string end : {"\n", "\r\n", "\r"}) {
      const SentencePairs pairs = read(
          "\xEF\xBB\xBF"
          "english" +
              between + "german" + end + "\"the dog laughs." + end + "and so, on\"" + between +
              "\"der Hund \"\"lacht\"\"; ja|\t\"" + end,
          "pairs.csv");
      EXPECT_EQ(pairs.sources, (Texts{"the dog laughs.\nand so, on"})) << delimiter;
      EXPECT_EQ(pairs.targets, (Texts{"der Hund \"lacht\"; ja|"}));
      EXPECT_EQ(pairs.source_column, "\"english\"");
      EXPECT_EQ(pairs.target_column, "\"german\"");
      EXPECT_EQ(pairs.skipped, 0);
    }
  }
}

TEST_F(SentencePairsTest, AHeaderIsNoPair) {
  const std::string rows =
      "the cat sleeps,die Katze schl\u00E4ft\nthe dog eats,der Hund isst\n"
      "it is late,es ist sp\u00E4t\n";
  for (const char* header : {"source,target", "en,de", "English,Deutsch", "src_text,tgt_text",
                             "en-US,de-DE", "input,output", "sentence 1,sentence 2",
                             "\"ENGLISH\",\"GERMAN\"", "links,rechts", "column_a,column_b"}) {
    EXPECT_EQ(read(header + ("\n" + rows), "a.csv").sources.size(), 3U) << header;
  }
  for (const char* pair :
       {"Stop!,Halt!", "good night,gute Nacht", "Go.,Geh.", "the source,target", "target,target"}) {
    EXPECT_EQ(read(pair + ("\n" + rows), "a.csv").sources.size(), 4U) << pair;
  }
  // Words above words are a pair, and so is what stands above few rows.
  EXPECT_EQ(read("cat,Katze\ndog,Hund\nlate,sp\u00E4t\nis,ist\n", "a.csv").sources.size(), 4U);
  EXPECT_EQ(read("cat,Katze\nthe dog,der Hund\n", "a.csv").sources.size(), 2U);
  // Lines of two texts have no header but one of languages or roles.
  EXPECT_EQ(read("en\tde\na b\tc d\n").sources, (Texts{"a b"}));
  EXPECT_EQ(read("links\trechts\na b\tc d\na b\tc d\na b\tc d\n").sources.size(), 4U);
  // A word that occurs below is no name.
  EXPECT_EQ(read("cat,Hund\n" + rows, "a.csv").sources.size(), 4U);
  // Texts are found among other columns.
  const SentencePairs of_more = read("id;english;german;year\n1;a b;c d;1999\n", "a.csv");
  EXPECT_EQ(of_more.sources, Texts{"a b"});
  EXPECT_EQ(of_more.targets, Texts{"c d"});
  EXPECT_EQ(of_more.source_column, "\"english\"");
  EXPECT_EQ(read("Target,Source\nx y,a b\n", "a.csv").sources, Texts{"a b"});
  EXPECT_EQ(read("{\"id\": 1, \"en\": \"x\", \"de\": \"y\"}\n", "a.jsonl").targets, Texts{"y"});
  EXPECT_EQ(read(rows, "a.csv", {.source = "2"}).sources.front(), "die Katze schl\u00E4ft");
}

TEST_F(SentencePairsTest, ReadsJsonLines) {
  const SentencePairs pairs = read(
      "{\"id\": 1, \"source\": \"a\\nb\", \"target\": \"c\"}\n\n{\"target\": \"e\", \"source\": "
      "\"d\"}\nno json\n{\"source\": \"f\"}\n",
      "a.jsonl");
  EXPECT_EQ(pairs.sources, (Texts{"a\nb", "d"}));
  EXPECT_EQ(pairs.targets, (Texts{"c", "e"}));
  EXPECT_EQ(pairs.skipped, 2);
  EXPECT_EQ(
      read("{\"de\": \"x\", \"en\": \"y\"}\n", "a.jsonl", {.source = "en", .target = "de"}).sources,
      (Texts{"y"}));
}

TEST_F(SentencePairsTest, BlankCellsAreNoTexts) {
  const SentencePairs pairs = read("a,b\n\u00A0,c\nd,\u200B\n\u3000e\u3000,f\n \n,\n", "a.csv");
  EXPECT_EQ(pairs.sources, (Texts{"a", "\u3000e\u3000"}));
  EXPECT_EQ(pairs.skipped, 3);
}

TEST_F(SentencePairsTest, LeavesOutBadRowsAndSaysWhich) {
  const SentencePairs pairs = read("a\tb\n \tc\nd\t\nalone\nna\xEFve\tx\n" +
                                   std::string((1U << 20U) + 10, 'x') + "\tlong\nlast\tone\n");
  EXPECT_EQ(pairs.sources, (Texts{"a", "last"}));
  EXPECT_EQ(pairs.skipped, 5);
  ASSERT_EQ(pairs.notes.size(), 5U);
  const std::string file = folder_.path("pairs.tsv");
  EXPECT_EQ(pairs.notes[0], file + ":2: the source is empty (column 1)");
  EXPECT_EQ(pairs.notes[1], file + ":3: the target is empty (column 2)");
  EXPECT_EQ(pairs.notes[2], file + ":4: 1 cell where at least 2 are needed");
  EXPECT_EQ(pairs.notes[3], file + ":5: byte 0xef is not UTF-8");
  EXPECT_EQ(pairs.notes[4], file + ":6: a line of more than 1048576 bytes");
}

TEST_F(SentencePairsTest, RefusesFilesWithoutPairs) {
  EXPECT_NE(error_of("").find("is empty"), std::string::npos);
  EXPECT_NE(error_of("alone\n").find("has no pair"), std::string::npos);
  EXPECT_NE(error_of("a\tb\n", {.source = "1", .target = "1"}).find("the same column"),
            std::string::npos);
  EXPECT_THROW(read_sentence_pairs(folder_.path("none.tsv")), Error);
  EXPECT_THROW(read_sentence_pairs(folder_.path()), Error);
}

TEST_F(SentencePairsTest, PutsPairsOfOneSourceTogether) {
  const ReferencedSentences all = by_source(read("Go.\tVa !\nHi.\tSalut.\n\u00A0Go.\tMarche.\n"));
  EXPECT_EQ(all.sources, (Texts{"Go.", "Hi."}));
  EXPECT_EQ(all.references[0], (Texts{"Va !", "Marche."}));
  EXPECT_EQ(all.references[1], (Texts{"Salut."}));
}

}  // namespace
}  // namespace chronicler::data
