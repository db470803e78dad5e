#include "chronicler/data/chrf.h"

#include <array>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"

namespace chronicler::data {
namespace {

const std::vector<std::string> hypotheses{
    "The cat sat on the mat.", "Ein Mann läuft.", "", "short", "a", "Das ist völlig falsch !"};
const std::vector<std::vector<std::string>> references{
    {"The cat sat on a mat.", "A cat was sitting on the mat ."},
    {"Ein Mann rennt."},
    {"something"},
    {"shorter one"},
    {"a b c"},
    {"Voilà une autre phrase.", "Das ist ganz falsch!"}};

// What sacreBLEU 2 says: CHRF().corpus_score and sentence_score.
TEST(Chrf, HasSacreBleusNumbers) {
  EXPECT_NEAR(corpus_chrf(hypotheses, references), 47.8811805959, 1e-8);
  constexpr std::array<double, 6> scores{71.4224756303, 45.2253302253, 0.0,
                                         40.6907864759, 38.4615384615, 52.6836743680};
  for (std::size_t i = 0; i < scores.size(); ++i)
    EXPECT_NEAR(sentence_chrf(hypotheses[i], references[i]), scores[i], 1e-8) << hypotheses[i];
}

TEST(Chrf, DoesNotSeeSpaces) {
  EXPECT_DOUBLE_EQ(sentence_chrf("a\u202f!", {"a !"}), 100.0);
  EXPECT_DOUBLE_EQ(sentence_chrf("thecat", {"the cat"}), 100.0);
}

TEST(Chrf, RefusesWhatDoesNotFit) {
  EXPECT_THROW(corpus_chrf(hypotheses, {}), Error);
  EXPECT_THROW(sentence_chrf("a", {}), Error);
}

}  // namespace
}  // namespace chronicler::data
