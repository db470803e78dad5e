#include "tasks/transcribe/word_cuts.h"

#include <set>

#include <gtest/gtest.h>

namespace chronicler::tasks {
namespace {

// Every sample says which word it belongs to.
TEST(ShuffledWords, AreWholeWordsInAnyOrder) {
  const std::vector<float> sound{7, 7, 8, 8, 8, 9};
  const std::vector<std::size_t> cuts{0, 2, 5, 6};
  const LabelIds labels{70, 80, 90};
  const Random random(3);
  std::set<std::int32_t> firsts;
  std::set<std::size_t> counts;
  for (std::uint64_t stream = 0; stream < 40; ++stream) {
    const SaidWords said = shuffled_words(sound, cuts, labels, random, stream);
    std::vector<float> expected;
    for (const std::int32_t label : said.labels) {
      const auto word = static_cast<std::size_t>(label / 10 - 7);
      expected.insert(expected.end(), sound.begin() + static_cast<std::ptrdiff_t>(cuts[word]),
                      sound.begin() + static_cast<std::ptrdiff_t>(cuts[word + 1]));
    }
    EXPECT_EQ(said.samples, expected);
    firsts.insert(said.labels.front());
    counts.insert(said.labels.size());
  }
  EXPECT_EQ(firsts.size(), 3U);
  EXPECT_EQ(counts, (std::set<std::size_t>{1, 2, 3}));
}

}  // namespace
}  // namespace chronicler::tasks
