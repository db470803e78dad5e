#include "chronicler/data/labelled_texts.h"

#include <fstream>

#include <gtest/gtest.h>

#include "support/conformance.h"
#include "support/temporary_folder.h"

namespace chronicler::data {
namespace {

using Texts = std::vector<std::string>;

class LabelledTextsFile : public ::testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& content) const {
    std::ofstream(folder_.path(name), std::ios::binary) << content;
    return folder_.path(name);
  }
  test::TemporaryFolder folder_;
};

TEST_F(LabelledTextsFile, FindsColumnsByTheirNames) {
  const LabelledTexts texts = read_labelled_texts(
      file("a.csv", "\xEF\xBB\xBFid,Sentiment,Review\r\n1,pos,\"good, very\"\r\n2,neg,bad\r\n"));
  EXPECT_EQ(texts.texts, (Texts{"good, very", "bad"}));
  EXPECT_EQ(texts.labels, (Texts{"pos", "neg"}));
  EXPECT_EQ(texts.text_column, "Review");
  EXPECT_EQ(texts.label_column, "Sentiment");
}

TEST_F(LabelledTextsFile, NeedsNoHeader) {
  const LabelledTexts texts = read_labelled_texts(
      file("a.tsv", "A \"quoted\" thing\t1\nIt was bad.\t0\nVery good\t1\nNot so good\t0\n"));
  EXPECT_EQ(texts.texts.front(), "A \"quoted\" thing");
  EXPECT_EQ(texts.labels, (Texts{"1", "0", "1", "0"}));
  EXPECT_EQ(texts.text_column, "column_1");
}

TEST_F(LabelledTextsFile, FindsColumnsByWhatIsInThem) {
  const LabelledTexts texts = read_labelled_texts(
      file("a.tsv", "was\tgesagt\nja\tein langer Satz\nnein\tnoch ein langer Satz\nja\tund so\n"));
  EXPECT_EQ(texts.text_column, "gesagt");
  EXPECT_EQ(texts.labels, (Texts{"ja", "nein", "ja"}));
}

TEST_F(LabelledTextsFile, ReadsJsonLines) {
  const LabelledTexts texts = read_labelled_texts(file(
      "a.jsonl", "{\"text\": \"a\\nb\", \"label\": 1}\n\n{\"label\": true, \"text\": \"c\"}\n"));
  EXPECT_EQ(texts.texts, (Texts{"a\nb", "c"}));
  EXPECT_EQ(texts.labels, (Texts{"1", "true"}));
  EXPECT_EQ(texts.lines, (std::vector<std::int64_t>{1, 3}));
}

TEST_F(LabelledTextsFile, TakesPlainTextsWhereLabelsAreToBeTold) {
  const LabelledTexts texts =
      read_labelled_texts(file("a.txt", "one\ttext\n\nanother\n"), {.needs_labels = false});
  EXPECT_EQ(texts.texts, (Texts{"one\ttext", "", "another"}));
  EXPECT_TRUE(texts.labels.empty());
}

TEST_F(LabelledTextsFile, ReadsSemicolonsAndTrimsLabels) {
  const LabelledTexts texts =
      read_labelled_texts(file("a.csv", "text; label\ngood, really;pos \nbad; neg\n"));
  EXPECT_EQ(texts.texts, (Texts{"good, really", "bad"}));
  EXPECT_EQ(texts.labels, (Texts{"pos", "neg"}));
  EXPECT_EQ(texts.label_column, "label");
}

TEST_F(LabelledTextsFile, ReadsAnyDelimiterAndLineEndsInQuotes) {
  for (const char delimiter : {',', ';', '\t', '|'}) {
    const std::string between(1, delimiter);
    const LabelledTexts texts = read_labelled_texts(
        file("a.csv", "text" + between + "label\r\n\"good,\r\nreally; so\"" + between +
                          "pos\r\n\"a \"\"b\"\"\"" + between + "neg\r\n"));
    EXPECT_EQ(texts.texts, (Texts{"good,\nreally; so", "a \"b\""})) << delimiter;
    EXPECT_EQ(texts.labels, (Texts{"pos", "neg"}));
    EXPECT_EQ(texts.lines, (std::vector<std::int64_t>{2, 4}));
  }
}

// Composed or not, with one space or a no-break one: it looks the same and is the same.
TEST_F(LabelledTextsFile, LabelsThatLookTheSameAreTheSame) {
  const LabelledTexts texts = read_labelled_texts(
      file("a.tsv",
           "text\tGef\u00FChl\na\tsehr gut\nb\t sehr\u00A0 gut \nc\tscho\u0308n\nd\t"
           "sch\u00F6n\n"),
      {.label = "Gefu\u0308hl"});
  EXPECT_EQ(texts.labels, (Texts{"sehr gut", "sehr gut", "sch\u00F6n", "sch\u00F6n"}));
}

TEST_F(LabelledTextsFile, MayLackLabels) {
  const std::string path = file("a.tsv", "text\tlabel\nx\ta\ny\t\u00A0\nz\tb\n\u200B\tb\n");
  EXPECT_THROW(read_labelled_texts(path), Error);
  const LabelledTexts texts = read_labelled_texts(path, {.may_lack_labels = true});
  EXPECT_EQ(texts.texts, (Texts{"x", "z"}));
  EXPECT_EQ(texts.unlabelled, 1);
  EXPECT_EQ(texts.skipped, 1);
}

TEST_F(LabelledTextsFile, ReadsMoreRowsThanItLooksAtFirst) {
  std::string content = "text\tlabel\n";
  for (int i = 0; i < 12'000; ++i) content += "word " + std::to_string(i) + "\tx\n";
  const LabelledTexts texts = read_labelled_texts(file("a.tsv", content));
  EXPECT_EQ(texts.texts.back(), "word 11999");
  EXPECT_EQ(texts.lines.back(), 12'001);
  EXPECT_THROW(read_labelled_texts(file("a.tsv", content + "one cell\n")), Error);
}

TEST_F(LabelledTextsFile, RefusesAList) {
  const std::string path = file("a.json", "[{\"text\": \"a\", \"label\": 1}]\n");
  EXPECT_NE(test::error_of([&] { read_labelled_texts(path); }).find("a list"), std::string::npos);
}

TEST_F(LabelledTextsFile, LeavesOutRowsWithoutText) {
  const LabelledTexts texts = read_labelled_texts(file("a.tsv", "text\tlabel\n\ta\nx\tb\n"));
  EXPECT_EQ(texts.texts, Texts{"x"});
  EXPECT_EQ(texts.skipped, 1);
}

TEST_F(LabelledTextsFile, NamesTheNearestColumn) {
  const std::string path = file("a.csv", "body,stars\nx,1\ny,2\n");
  EXPECT_EQ(test::error_of([&] { read_labelled_texts(path, {.text = "bdy"}); }),
            path + " has no column \"bdy\": did you mean \"body\"? It has \"body\", \"stars\"");
}

TEST_F(LabelledTextsFile, NamesThePlaceOfWhatIsWrong) {
  const std::string path = file("a.tsv", "text\tlabel\nx\ta\ny\n");
  EXPECT_EQ(test::error_of([&] { read_labelled_texts(path); }),
            path + ":3: 1 cell, the first line has 2: there is no tab within a cell");
  file("a.tsv", "text\tlabel\nx\t\n");
  EXPECT_EQ(test::error_of([&] { read_labelled_texts(path); }),
            path + ":2: no label in column \"label\": label each text, or leave the row out");
  file("a.tsv", "just one column\nand another\n");
  EXPECT_EQ(test::error_of([&] { read_labelled_texts(path); }),
            path +
                " has one column (\"column_1\"), texts and labels need two: cells of .csv are "
                "separated by commas or semicolons, those of .tsv by tabs");
  file("a.tsv", "text\tlabel\n\xFF\tb\n");
  EXPECT_EQ(test::error_of([&] { read_labelled_texts(path); }),
            path + ":2: byte 0xff is not UTF-8: save the file as UTF-8 (it may be Latin-1)");
  file("a.tsv", "text\tlabel\n");
  EXPECT_THROW(read_labelled_texts(path), Error);
  file("a.tsv", "");
  EXPECT_THROW(read_labelled_texts(path), Error);
  EXPECT_THROW(read_labelled_texts(file("a.jsonl", "[1]\n")), Error);
  EXPECT_THROW(read_labelled_texts(file("b.jsonl", "{\n")), Error);
}

}  // namespace
}  // namespace chronicler::data
