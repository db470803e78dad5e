#include "chronicler/data/text_vectorization.h"

#include <cmath>

#include <gtest/gtest.h>

#include "support/conformance.h"

namespace chronicler::data {
namespace {

using test::error_of;
using test::numbers;
using Numbers = std::vector<double>;
using Texts = std::vector<std::string>;

const Texts texts{"The cat, the mat.", "A CAT!", "Code-x dog"};

TEST(TextVectorization, OrdersByCountThenBackwards) {
  TextVectorization vectorize;
  vectorize.adapt(texts);
  EXPECT_EQ(vectorize.get_vocabulary(),
            (Texts{"", "[UNK]", "the", "cat", "mat", "dog", "codex", "a"}));
  const Tensor ids = vectorize({"the bird", "cat a dog"});
  EXPECT_EQ(ids.dtype(), DType::int32);
  EXPECT_EQ(ids.shape(), (Shape{2, 3}));
  EXPECT_EQ(numbers(ids), (Numbers{2, 1, 0, 3, 7, 5}));
}

TEST(TextVectorization, CutsAndPads) {
  TextVectorization vectorize({.max_tokens = 4, .output_sequence_length = 2});
  vectorize.adapt(texts);
  EXPECT_EQ(vectorize.vocabulary_size(), 4);
  EXPECT_EQ(numbers(vectorize({"the cat the", "mat"})), (Numbers{2, 3, 1, 0}));
}

TEST(TextVectorization, LowersAsciiOnly) {
  const TextVectorization vectorize({.vocabulary = {"Äpfel", "o'clock"}});
  EXPECT_EQ(vectorize.tokens("  Äpfel\tO'Clock \n"), (Texts{"Äpfel", "oclock"}));
  const TextVectorization raw({.standardize = std::nullopt, .split = "character"});
  EXPECT_EQ(raw.tokens("Äb!"), (Texts{"Ä", "b", "!"}));
  const TextVectorization whole({.standardize = "lower", .split = std::nullopt});
  EXPECT_EQ(whole.tokens("A B."), (Texts{"a b."}));
}

TEST(TextVectorization, CountsTokens) {
  TextVectorization count({.output_mode = "count"});
  count.adapt(texts);
  EXPECT_EQ(count.get_vocabulary().front(), "[UNK]");
  EXPECT_EQ(numbers(count({"the the bird"})), (Numbers{1, 2, 0, 0, 0, 0, 0}));
  TextVectorization present(
      {.max_tokens = 9, .output_mode = "multi_hot", .pad_to_max_tokens = true});
  present.adapt(texts);
  EXPECT_EQ(numbers(present({"the the bird"})), (Numbers{1, 1, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(TextVectorization, WeighsRareTokensMore) {
  TextVectorization vectorize({.output_mode = "tf_idf"});
  vectorize.adapt({"a b", "a", "a c"});
  EXPECT_EQ(vectorize.get_vocabulary(), (Texts{"[UNK]", "a", "c", "b"}));
  const double common = std::log(1.0 + 3.0 / 4.0);
  const double rare = std::log(1.0 + 3.0 / 2.0);
  const Tensor weights = vectorize({"a a b z"});
  const Tensor expected({1, 4}, std::vector<double>{(common + 2 * rare) / 3, 2 * common, 0, rare});
  EXPECT_TRUE(test::close_to(weights, expected, 1e-6));
}

TEST(TextVectorization, MakesNgrams) {
  const TextVectorization vectorize({.ngrams = 2, .vocabulary = {"a"}});
  EXPECT_EQ(vectorize.tokens("a b c"), (Texts{"a", "b", "c", "a b", "b c"}));
}

TEST(TextVectorization, TakesAVocabulary) {
  TextVectorization learnt;
  learnt.adapt(texts);
  const TextVectorization given({.vocabulary = learnt.get_vocabulary()});
  EXPECT_EQ(given.get_vocabulary(), learnt.get_vocabulary());
  EXPECT_EQ(numbers(given(texts)), numbers(learnt(texts)));
}

TEST(TextVectorization, RefusesWhatMeansNothing) {
  EXPECT_EQ(error_of([] { TextVectorization()({"a"}); }),
            "TextVectorization has no vocabulary yet: call adapt(texts), or give one");
  EXPECT_EQ(error_of([] {
              TextVectorization({.vocabulary = {"a", "a"}});
            }),
            "TextVectorization: \"a\" is twice in the vocabulary");
  EXPECT_EQ(error_of([] { TextVectorization({.max_tokens = 2}); }),
            "TextVectorization: max_tokens must be at least 3, got 2");
  EXPECT_NE(error_of([] { TextVectorization({.output_mode = "counts"}); }).find("\"count\""),
            std::string::npos);
}

}  // namespace
}  // namespace chronicler::data
