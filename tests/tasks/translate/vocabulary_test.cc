#include "tasks/translate/vocabulary.h"

#include <gtest/gtest.h>

#include "chronicler/base/error.h"

namespace chronicler::tasks {
namespace {

using Texts = std::vector<std::string>;
using Ids = std::vector<PieceId>;

const Texts words{"CAT", "CAB"};
const Texts sounds{"K AE T", "K AE B"};

std::string written(const TranslationVocabulary& vocabulary, const Ids& ids) {
  Texts pieces;
  for (const PieceId id : ids) pieces.push_back(vocabulary.target_piece(id));
  return TranslationVocabulary::text(pieces);
}

TEST(TranslationVocabulary, KeepsTheSidesApart) {
  const TranslationVocabulary vocabulary("char", "word", words, sounds, 0);
  const Ids source = vocabulary.source_ids("CAT");
  EXPECT_EQ(source.size(), 4U);
  EXPECT_EQ(source.back(), TranslationVocabulary::end);
  const Ids target = vocabulary.target_ids("K AE T");
  EXPECT_EQ(target.size(), 3U);
  EXPECT_EQ(written(vocabulary, target), "K AE T");
  for (const PieceId id : target) {
    EXPECT_LT(id, vocabulary.size());
    EXPECT_EQ(std::count(source.begin(), source.end(), id), 0);
  }
  EXPECT_EQ(vocabulary.source_pieces("CAT"), (Texts{"C", "A", "T", ""}));
}

TEST(TranslationVocabulary, KnowsWhatItDoesNotKnow) {
  const TranslationVocabulary vocabulary("char", "word", words, sounds, 0);
  const Ids ids = vocabulary.target_ids("K XX");
  EXPECT_FALSE(vocabulary.is_unknown_target(ids[0]));
  EXPECT_TRUE(vocabulary.is_unknown_target(ids[1]));
  // What is unknown still stands where it stood.
  EXPECT_EQ(vocabulary.source_pieces("CÄT"), (Texts{"C", "Ä", "T", ""}));
}

#if CHRONICLER_HAVE_SENTENCEPIECE
TEST(TranslationVocabulary, SharesSubwords) {
  Texts sources;
  Texts targets;
  for (int i = 0; i < 50; ++i) {
    sources.push_back("the old house number " + std::to_string(i));
    targets.push_back("das alte Haus Nummer " + std::to_string(i));
  }
  const TranslationVocabulary vocabulary("subword", "subword", sources, targets, 340);
  EXPECT_EQ(written(vocabulary, vocabulary.target_ids("das alte Haus")), "das alte Haus");
  EXPECT_EQ(written(vocabulary, vocabulary.target_ids("snow 雪")), "snow 雪");
  const TranslationVocabulary again(vocabulary.source_bytes(), vocabulary.target_bytes());
  EXPECT_EQ(again.size(), vocabulary.size());
  EXPECT_EQ(again.source_ids("the old house"), vocabulary.source_ids("the old house"));
}
#endif

TEST(TranslationVocabulary, ComesBackFromBytes) {
  const TranslationVocabulary vocabulary("char", "word", words, sounds, 0);
  const TranslationVocabulary again(vocabulary.source_bytes(), vocabulary.target_bytes());
  EXPECT_EQ(again.size(), vocabulary.size());
  EXPECT_EQ(again.source_ids("CAB"), vocabulary.source_ids("CAB"));
  EXPECT_EQ(again.target_ids("K AE B"), vocabulary.target_ids("K AE B"));
  EXPECT_THROW(TranslationVocabulary("nonsense", ""), Error);
}

// Files of before texts were made plain know other spaces, and texts keep those.
TEST(TranslationVocabulary, KeepsTheSpacesThatItKnows) {
  const data::Pieces older = data::Pieces::characters("Va\u202F!");
  const SideVocabulary vocabulary = SideVocabulary::from_bytes(older.bytes());
  EXPECT_EQ(vocabulary.line(" a\u0308\u202F!\u00A0V\u00AD "), "\u00E4\u202F! V");
  const SideVocabulary of_words = SideVocabulary::from_bytes("words\na\u00A0b\nc\n");
  EXPECT_EQ(of_words.line("a\u00A0b\tc\u202F"), "a\u00A0b c");
}

}  // namespace
}  // namespace chronicler::tasks
