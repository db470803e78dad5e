// All numbers are those of sacreBLEU 2.6.0.
#include "chronicler/data/bleu.h"

#include <gtest/gtest.h>

#include "support/conformance.h"

namespace chronicler::data {
namespace {

using Tokens = std::vector<std::string>;

TEST(Bleu, TokensOf13a) {
  EXPECT_EQ(tokenize_13a("Hello, world!  It's 3.14 (or 1,000.5) - ok?"),
            (Tokens{"Hello", ",", "world", "!", "It's", "3.14", "(", "or", "1,000.5", ")", "-",
                    "ok", "?"}));
  EXPECT_EQ(tokenize_13a("a-b 10-20 x- 5-"), (Tokens{"a-b", "10", "-", "20", "x-", "5", "-"}));
  EXPECT_EQ(tokenize_13a("&quot;Tom &amp; Jerry&quot; &lt;b&gt;"),
            (Tokens{"\"", "Tom", "&", "Jerry", "\"", "<", "b", ">"}));
  EXPECT_EQ(tokenize_13a("...wait..., what?!"),
            (Tokens{".", ".", ".", "wait", ".", ".", ".", ",", "what", "?", "!"}));
  EXPECT_EQ(tokenize_13a("caf\u00e9. \u00bfQu\u00e9? na\u00efve,yes"),
            (Tokens{"caf\u00e9", ".", "\u00bfQu\u00e9", "?", "na\u00efve", ",", "yes"}));
  EXPECT_EQ(tokenize_13a("end.\u00a0next\u3000word"), (Tokens{"end", ".", "next", "word"}));
  EXPECT_EQ(
      tokenize_13a("$5.00/day @home #1 50% a+b=c"),
      (Tokens{"$", "5.00", "/", "day", "@", "home", "#", "1", "50", "%", "a", "+", "b", "=", "c"}));
  EXPECT_EQ(
      tokenize_13a("it's \"quoted\" text: [x]{y}~z"),
      (Tokens{"it's", "\"", "quoted", "\"", "text", ":", "[", "x", "]", "{", "y", "}", "~", "z"}));
  EXPECT_EQ(tokenize_13a("<skipped>one two"), (Tokens{"one", "two"}));
  EXPECT_EQ(tokenize_13a("U.S.A. 1. 2,"),
            (Tokens{"U", ".", "S", ".", "A", ".", "1", ".", "2", ","}));
  EXPECT_EQ(tokenize_13a("e.g.,3 .5 ,6 a.5"),
            (Tokens{"e", ".", "g", ".", ",3", ".", "5", ",", "6", "a", ".", "5"}));
  EXPECT_EQ(tokenize_13a("\u65e5\u672c\u8a9e\u3001\u30c6\u30b9\u30c8."),
            (Tokens{"\u65e5\u672c\u8a9e\u3001\u30c6\u30b9\u30c8", "."}));
  EXPECT_EQ(tokenize_13a(""), Tokens{});
  EXPECT_EQ(tokenize_13a("  "), Tokens{});
}

TEST(Bleu, OfACorpus) {
  const Tokens hypotheses{"The dog bit the man.", "It wasn't surprising.",
                          "The man had just bitten him."};
  const std::vector<Tokens> two{{"The dog bit the man.", "The dog had bit the man."},
                                {"It was not unexpected.", "No one was surprised."},
                                {"The man bit him first.", "The man had bitten the dog."}};
  const BleuScore score = corpus_bleu(hypotheses, two);
  EXPECT_NEAR(score.score, 48.530827009929865, 1e-10);
  EXPECT_EQ(score.to_string(),
            "BLEU = 48.53 82.4/50.0/45.5/37.5 (BP = 0.943 ratio = 0.944 hyp_len = 17 ref_len = "
            "18)");
  const std::vector<Tokens> one{{two[0][0]}, {two[1][0]}, {two[2][0]}};
  EXPECT_NEAR(corpus_bleu(hypotheses, one).score, 45.06750632106114, 1e-10);
}

struct Pair {
  const char* hypothesis;
  const char* reference;
  double corpus;
  double sentence;
};

TEST(Bleu, OfSentences) {
  for (const Pair& pair : {
           Pair{"the cat", "the cat", 0.0, 100.0},
           Pair{"the the the the the the the", "the cat is on the mat", 7.809849842300637,
                7.809849842300637},
           Pair{"a b c d e f", "a b c d e g", 75.98356856515926, 75.98356856515926},
           Pair{"x y z", "a b c", 0.0, 0.0},
           Pair{"", "a b", 0.0, 0.0},
           Pair{"a b c d", "", 0.0, 0.0},
           Pair{"one two three four five six", "one two three four five six seven eight nine",
                60.653065971263366, 60.653065971263366},
       }) {
    EXPECT_NEAR(corpus_bleu(Tokens{pair.hypothesis}, std::vector<Tokens>{{pair.reference}}).score,
                pair.corpus, 1e-10)
        << pair.hypothesis;
    EXPECT_NEAR(sentence_bleu(pair.hypothesis, {pair.reference}).score, pair.sentence, 1e-10)
        << pair.hypothesis;
  }
  EXPECT_NEAR(corpus_bleu(Tokens{"the quick brown fox jumps", "over the lazy dog again and again"},
                          std::vector<Tokens>{{"the quick brown fox jumped"},
                                              {"over a lazy dog again and again."}})
                  .score,
              60.117442557736815, 1e-10);
  EXPECT_EQ(corpus_bleu(Tokens{}, std::vector<Tokens>{}).score, 0.0);
}

TEST(Bleu, EverySentenceNeedsAReference) {
  EXPECT_EQ(test::error_of([] { corpus_bleu(Tokens{"a"}, std::vector<Tokens>{}); }),
            "1 sentences cannot be compared with references of 0");
  EXPECT_EQ(test::error_of([] { corpus_bleu(Tokens{"a"}, std::vector<Tokens>{{}}); }),
            "sentence 0 has no reference to be compared with");
}

}  // namespace
}  // namespace chronicler::data
