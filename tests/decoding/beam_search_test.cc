#include "chronicler/decoding/beam_search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"
#include "chronicler/base/random.h"

namespace chronicler::decoding {
namespace {

constexpr std::int32_t start = 0;
constexpr std::int32_t end = 1;
constexpr std::int64_t classes = 4;
constexpr double penalty = 0.8;

using Symbols = std::vector<std::int32_t>;

// ln p of the next symbol after any history: the whole of it counts.
std::vector<float> scores_after(std::uint64_t sequence, const Symbols& history) {
  std::uint64_t place = 7;
  for (const std::int32_t symbol : history) place = place * 31 + static_cast<std::uint64_t>(symbol);
  const Random random(sequence);
  std::vector<float> scores;
  double sum = 0.0;
  for (std::uint64_t i = 0; i < classes; ++i) {
    const double score =
        i == start ? -std::numeric_limits<double>::infinity() : 1.5 * random.normal(place, i);
    scores.push_back(static_cast<float>(score));
    sum += std::exp(score);
  }
  for (float& score : scores) score -= static_cast<float>(std::log(sum));
  return scores;
}

struct Best {
  Symbols symbols;
  double score = -std::numeric_limits<double>::infinity();
};

// Looks at every sequence there is.
void enumerate(std::uint64_t sequence, std::int64_t longest, const Symbols& history, double sum,
               Best& best) {
  const std::vector<float> scores = scores_after(sequence, history);
  const auto length = static_cast<double>(history.size() + 1);
  const double score = (sum + static_cast<double>(scores[end])) / std::pow(length, penalty);
  if (score > best.score) best = {history, score};
  if (static_cast<std::int64_t>(history.size()) == longest) return;
  for (std::int32_t symbol = 2; symbol < classes; ++symbol) {
    Symbols longer = history;
    longer.push_back(symbol);
    enumerate(sequence, longest, longer,
              sum + static_cast<double>(scores[static_cast<std::size_t>(symbol)]), best);
  }
}

// The histories are the states: values that are put in a new order.
BeamSearch searched(std::int64_t sequences, const BeamOptions& options) {
  BeamSearch search(sequences, options, start);
  std::vector<Symbols> states(static_cast<std::size_t>(sequences));
  bool is_first = true;
  while (!search.done()) {
    std::vector<Symbols> moved;
    for (std::size_t row = 0; row < search.symbols().size(); ++row) {
      moved.push_back(states[static_cast<std::size_t>(search.parents()[row])]);
      if (!is_first) moved.back().push_back(search.symbols()[row]);
    }
    states = std::move(moved);
    is_first = false;
    std::vector<float> scores;
    for (std::size_t row = 0; row < states.size(); ++row) {
      const auto more =
          scores_after(static_cast<std::uint64_t>(search.sequences()[row]), states[row]);
      scores.insert(scores.end(), more.begin(), more.end());
    }
    search.advance(scores, classes);
  }
  return search;
}

TEST(BeamSearch, FindsTheBestOfAllWhenItIsWideEnough) {
  constexpr std::int64_t sequences = 20;
  constexpr std::int64_t longest = 5;
  const BeamSearch search =
      searched(sequences, {.width = 64, .end = end, .longest = longest, .length_penalty = penalty});
  for (std::int64_t i = 0; i < sequences; ++i) {
    Best best;
    enumerate(static_cast<std::uint64_t>(i), longest, {}, 0.0, best);
    EXPECT_EQ(search.best(i).symbols, best.symbols) << i;
    EXPECT_NEAR(search.best(i).score, best.score, 1e-5);
    EXPECT_TRUE(search.best(i).ended);
  }
}

TEST(BeamSearch, AWiderBeamIsSeldomWorse) {
  constexpr std::int64_t sequences = 50;
  double narrow = 0.0;
  double wide = 0.0;
  const BeamSearch one =
      searched(sequences, {.width = 1, .end = end, .longest = 6, .length_penalty = penalty});
  const BeamSearch five =
      searched(sequences, {.width = 5, .end = end, .longest = 6, .length_penalty = penalty});
  for (std::int64_t i = 0; i < sequences; ++i) {
    narrow += one.best(i).score;
    wide += five.best(i).score;
  }
  EXPECT_GT(wide, narrow);
}

TEST(BeamSearch, OfWidthOneTakesTheBestSymbolEachTime) {
  const BeamSearch search = searched(10, {.width = 1, .end = end, .longest = 8});
  for (std::int64_t i = 0; i < 10; ++i) {
    Symbols history;
    while (history.size() < 8) {
      const std::vector<float> scores = scores_after(static_cast<std::uint64_t>(i), history);
      const auto best = static_cast<std::int32_t>(std::max_element(scores.begin(), scores.end()) -
                                                  scores.begin());
      if (best == end) break;
      history.push_back(best);
    }
    EXPECT_EQ(search.best(i).symbols, history) << i;
  }
}

TEST(BeamSearch, SequencesKnowNothingOfOneAnother) {
  const BeamOptions options{.width = 3, .end = end, .longest = 6};
  const BeamSearch together = searched(5, options);
  for (std::int64_t i = 0; i < 5; ++i) {
    const BeamSearch fewer = searched(i + 1, options);
    EXPECT_EQ(fewer.best(i).symbols, together.best(i).symbols);
    EXPECT_EQ(fewer.best(i).score, together.best(i).score);
  }
}

TEST(BeamSearch, TellsTheRowOfEachSymbol) {
  BeamSearch search(2, {.width = 1, .end = end, .longest = 3}, start);
  const std::vector<float> go_on{-9, -9, -0.1F, -9, -9, -9, -9, -0.1F};
  search.advance(go_on, classes);
  const std::vector<float> one_ends{-9, -0.1F, -9, -9, -9, -9, -9, -0.1F};
  search.advance(one_ends, classes);
  EXPECT_EQ(search.symbols().size(), 1U);  // the first sequence is no more among the rows
  EXPECT_EQ(search.parents()[0], 1);
  search.advance(std::vector<float>{-9, -0.1F, -9, -9}, classes);
  EXPECT_TRUE(search.done());
  EXPECT_EQ(search.best(0).rows, (std::vector<std::int64_t>{0}));
  EXPECT_EQ(search.best(1).rows, (std::vector<std::int64_t>{1, 1}));
}

TEST(BeamSearch, CutsOffWhatDoesNotEnd) {
  BeamSearch search(1, {.width = 2, .end = end, .longest = 2}, start);
  const float never = -std::numeric_limits<float>::infinity();
  while (!search.done()) {
    std::vector<float> scores;
    for (std::size_t row = 0; row < search.symbols().size(); ++row)
      scores.insert(scores.end(), {never, never, -1.0F, -0.5F});
    search.advance(scores, classes);
  }
  EXPECT_FALSE(search.best(0).ended);
  EXPECT_EQ(search.best(0).symbols, (Symbols{3, 3}));
}

TEST(BeamSearch, RefusesOptionsOutOfRange) {
  EXPECT_THROW(BeamSearch(1, {.width = 0}, start), Error);
  EXPECT_THROW(BeamSearch(1, {.longest = 0}, start), Error);
  EXPECT_THROW(BeamSearch(2, {.longest_of = {3}}, start), Error);
  EXPECT_THROW(BeamSearch(1, {.length_penalty = -1.0}, start), Error);
  BeamSearch search(1, {}, start);
  EXPECT_THROW(search.advance(std::vector<float>(3), classes), Error);
}

}  // namespace
}  // namespace chronicler::decoding
