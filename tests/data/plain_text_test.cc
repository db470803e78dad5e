#include "chronicler/data/plain_text.h"

#include <gtest/gtest.h>

namespace chronicler::data {
namespace {

TEST(PlainText, ComposesWhatIsDecomposed) {
  EXPECT_EQ(plain_text("schla\u0308ft"), "schl\u00E4ft");
  EXPECT_EQ(plain_text("schl\u00E4ft"), "schl\u00E4ft");
  EXPECT_EQ(plain_text("a\u0323\u0307 a\u0307\u0323"), plain_text("a\u0307\u0323 a\u0323\u0307"));
  EXPECT_EQ(plain_text("\u212B"), "\u00C5");              // the sign of a unit
  EXPECT_EQ(plain_text("\u1100\u1161\u11A8"), "\uAC01");  // Korean
  EXPECT_EQ(plain_text("\u0644\u064E\u0651"), plain_text("\u0644\u0651\u064E"));
  // Compatible characters are others: they do not look the same.
  EXPECT_EQ(plain_text("\uFF21\u00BD\uFB01"), "\uFF21\u00BD\uFB01");
}

TEST(PlainText, EverySpaceIsAPlainOne) {
  for (const char* space : {"\u00A0", "\u202F", "\u3000", "\u2007", "\u2003", "\u200A", "\u205F",
                            "\u1680", "\u2028", "\u0085"}) {
    EXPECT_EQ(plain_text(std::string("a") + space + "b"), "a b") << space;
  }
  EXPECT_EQ(plain_text("a\tb\r\nc\n"), "a\tb\r\nc\n");
}

TEST(PlainText, LeavesOutWhatNobodySees) {
  EXPECT_EQ(plain_text("a\u200Bb\u00ADc\u2060d\uFEFF"), "abcd");
  // Letters on both sides of them look another way.
  EXPECT_EQ(plain_text("\u0645\u06CC\u200C\u062E"), "\u0645\u06CC\u200C\u062E");
  EXPECT_EQ(plain_text("\U0001F469\u200D\U0001F4BB"), "\U0001F469\u200D\U0001F4BB");
}

TEST(PlainText, IsDoneOnce) {
  for (const std::string text : {"schla\u0308ft\u00A0heute\n\u200Bo\u0301\u0323", "abc", "",
                                 "\u1112\u1161\u11AB\u3000\u0915\u093C", "\u0958"}) {
    EXPECT_EQ(plain_text(plain_text(text)), plain_text(text));
  }
}

TEST(PlainText, KeepsWhatAVocabularyHas) {
  const std::string french = "Va\u202F! \u00AB\u00A0Oui\u00A0\u00BB";
  EXPECT_EQ(plain_text(french, U"\u202F\u00A0"), french);
  EXPECT_EQ(plain_text(french, U"\u202F"), "Va\u202F! \u00AB Oui \u00BB");
  EXPECT_EQ(unplain_characters(french), U"\u202F\u00A0");
  EXPECT_TRUE(unplain_characters("plain \u00E4\n").empty());
}

// What is no text stays, and hostile text takes no time.
TEST(PlainText, AnyBytes) {
  EXPECT_EQ(plain_text("\xFF\u00A0\n\u00A0"), "\xFF\u00A0\n ");
  EXPECT_EQ(plain_text(std::string("a\0\u00A0", 4)), std::string("a\0 ", 3));
  std::string marks = "a";
  for (int i = 0; i < 200'000; ++i) marks += i % 2 == 0 ? "\u0323" : "\u0307";
  EXPECT_EQ(plain_text(marks), marks);
  EXPECT_EQ(plain_text(marks + "\n" + "a\u0308"), marks + "\n\u00E4");
}

TEST(PlainText, TellsWhetherThereIsAny) {
  for (const char* nothing : {"", " ", "\t \r\n", "\u00A0", "\u200B\u3000", "\uFEFF", "\u00AD",
                              "\u200D\u2060", "\u2800", "\u3164", "\u2028\u0085", "\x01"}) {
    EXPECT_FALSE(has_text(nothing)) << nothing;
  }
  for (const char* text : {"a", " . ", "\u00A0\u00E4", "\xFF", "\u0301"})
    EXPECT_TRUE(has_text(text)) << text;
}

TEST(PlainText, NamesHaveOneSpaceBetweenWords) {
  EXPECT_EQ(plain_name(" a\u00A0 b\t\nc\u3000"), "a b c");
  EXPECT_EQ(plain_line("\u00A0 a  b\tc\r\nd \n"), "a  b c d");
  EXPECT_EQ(folded_name(" GRO\u0308SSE"), folded_name("gr\u00F6\u00DFe"));
  EXPECT_EQ(plain_name("\u200B"), "");
}

}  // namespace
}  // namespace chronicler::data
