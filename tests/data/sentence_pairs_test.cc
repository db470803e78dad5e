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

TEST_F(SentencePairsTest, LeavesOutBadRowsAndSaysWhich) {
  const SentencePairs pairs = read("a\tb\n \tc\nd\t\nalone\nna\xEFve\tx\n" +
                                   std::string((1U << 20U) + 10, 'x') + "\tlong\nlast\tone\n");
  EXPECT_EQ(pairs.sources, (Texts{"a", "last"}));
  EXPECT_EQ(pairs.skipped, 5);
  ASSERT_EQ(pairs.notes.size(), 5U);
  const std::string file = folder_.path("pairs.tsv");
  EXPECT_EQ(pairs.notes[0], file + ":2: the source is empty");
  EXPECT_EQ(pairs.notes[1], file + ":3: the target is empty");
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
  const ReferencedSentences all = by_source(read("Go.\tVa !\nHi.\tSalut.\nGo.\tMarche.\n"));
  EXPECT_EQ(all.sources, (Texts{"Go.", "Hi."}));
  EXPECT_EQ(all.references[0], (Texts{"Va !", "Marche."}));
  EXPECT_EQ(all.references[1], (Texts{"Salut."}));
}

}  // namespace
}  // namespace chronicler::data
