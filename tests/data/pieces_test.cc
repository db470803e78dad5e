#include "chronicler/data/pieces.h"

#include <gtest/gtest.h>

#include "support/conformance.h"

namespace chronicler::data {
namespace {

using Ids = std::vector<Pieces::Id>;

TEST(Pieces, CharactersAreNumberedInTheirOrder) {
  const Pieces pieces = Pieces::characters("béa\nb");
  EXPECT_TRUE(pieces.are_characters());
  EXPECT_EQ(pieces.size(), 5);  // what is unknown, newline, a, b, é
  EXPECT_EQ(pieces.ids("\nabéx"), (Ids{1, 2, 3, 4, 0}));
  EXPECT_EQ(pieces.text(Ids{4, 3, 0, 2}), "éba");
  EXPECT_EQ(Pieces::characters("aaabbc", 2).ids("abc"), (Ids{1, 2, 0}));
  EXPECT_THROW(Pieces::characters(""), Error);
}

TEST(Pieces, ComeBackFromBytes) {
  const Pieces pieces = Pieces::characters("some text, 語");
  const Pieces again = Pieces::from_bytes(pieces.bytes());
  EXPECT_EQ(again.ids("text 語!"), pieces.ids("text 語!"));
  EXPECT_THROW(Pieces::from_bytes("nothing"), Error);
  EXPECT_THROW(Pieces::from_bytes("characters\n\xFF"), Error);
  EXPECT_THROW(Pieces::from_bytes("subwords\nnothing"), Error);
}

#if CHRONICLER_HAVE_SENTENCEPIECE
TEST(Pieces, SubwordsKeepEveryCharacter) {
  std::string text;
  for (int i = 0; i < 40; ++i) text += "the cat and the  other cat\nsat on the mat\n\n";
  const Pieces pieces = Pieces::subwords(text, 300);
  EXPECT_FALSE(pieces.are_characters());
  const Ids ids = pieces.ids(text);
  EXPECT_LT(ids.size(), text.size());
  EXPECT_EQ(pieces.text(ids), text);
  // What the text did not have comes apart into bytes, and is whole again.
  const std::string other = "Größe 語\n";
  EXPECT_EQ(pieces.text(pieces.ids(other)), other);
  EXPECT_EQ(Pieces::from_bytes(pieces.bytes()).ids(other), pieces.ids(other));
}
#endif

}  // namespace
}  // namespace chronicler::data
