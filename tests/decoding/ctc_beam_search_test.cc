#include "chronicler/decoding/ctc_beam_search.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <gtest/gtest.h>

#include "chronicler/decoding/ctc_alignment.h"
#include "chronicler/decoding/ctc_greedy.h"
#include "support/conformance.h"
#include "support/ctc_paths.h"

namespace chronicler::decoding {
namespace {

using test::Labels;
using test::noise;

CtcBeamOptions wide() { return {.beams = 1000, .least_probability = 0.0, .most = 1000}; }

// With beams enough, every text that a path spells is found, with all of its paths.
TEST(CtcBeamSearch, FindsWhatAnEnumerationFinds) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const Tensor scores = test::scaled(noise({5, 3}, seed), 2.0);
    const std::map<Labels, double> all = test::probabilities_of_all(scores);
    const std::vector<CtcHypothesis> found = ctc_beam_search(scores, wide());
    ASSERT_EQ(found.size(), all.size());
    double least = 0.0;
    for (const CtcHypothesis& each : found) {
      const double truth = std::log(all.at(each.labels));
      EXPECT_NEAR(each.log_probability, truth, 1e-9);
      EXPECT_LE(truth, least + 1e-9);
      least = truth;
      EXPECT_NEAR(ctc_log_probability(scores, each.labels), truth, 1e-9);
    }
  }
}

TEST(CtcBeamSearch, AnyClassMayBeTheBlank) {
  const Tensor scores = test::scaled(noise({4, 3}, 4), 2.0);
  CtcBeamOptions options = wide();
  options.blank = 2;
  const std::map<Labels, double> all = test::probabilities_of_all(scores, 2);
  for (const CtcHypothesis& each : ctc_beam_search(scores, options))
    EXPECT_NEAR(each.log_probability, std::log(all.at(each.labels)), 1e-9);
}

// The best of score + weight * opinion + bonus * labels, over everything there is.
TEST(CtcBeamSearch, TheScorerCounts) {
  const LabelScorer scorer = [](std::span<const std::int64_t> before, std::int64_t next) {
    if (next == end_of_labels) return before.empty() ? -9.0 : -0.5;
    if (before.empty()) return next == 1 ? -0.1 : -3.0;
    return next == before.back() ? -4.0 : -0.2;
  };
  for (const std::uint64_t seed : {5U, 6U, 7U}) {
    const Tensor scores = test::scaled(noise({5, 3}, seed), 1.5);
    Labels best;
    double most = -1e300;
    for (const auto& [labels, probability] : test::probabilities_of_all(scores)) {
      double score = std::log(probability) + 0.3 * static_cast<double>(labels.size());
      for (std::size_t i = 0; i < labels.size(); ++i)
        score += 0.7 * scorer(std::span(labels).first(i), labels[i]);
      score += 0.7 * scorer(labels, end_of_labels);
      if (score <= most) continue;
      most = score;
      best = labels;
    }
    CtcBeamOptions options = wide();
    options.scorer = scorer;
    options.scorer_weight = 0.7;
    options.label_bonus = 0.3;
    const CtcHypothesis found = ctc_beam_search(scores, options).front();
    EXPECT_EQ(found.labels, best);
    EXPECT_NEAR(found.score, most, 1e-9);
  }
}

// The likeliest text is not always that of the likeliest path (Graves 2012, figure 7.4).
TEST(CtcBeamSearch, SumsPathsWhereGreedyDoesNot) {
  const float blank = std::log(0.6F);
  const float label = std::log(0.4F);
  const Tensor scores({2, 2}, std::vector<float>{blank, label, blank, label});
  EXPECT_TRUE(ctc_greedy(scores).empty());
  EXPECT_EQ(ctc_beam_search(scores).front().labels, Labels{1});
  EXPECT_NEAR(ctc_beam_search(scores).front().log_probability, std::log(0.64), 1e-6);
}

TEST(CtcBeamSearch, AFewBeamsFollowALongRecording) {
  const Tensor scores = test::scaled(noise({400, 30}, 8), 4.0);
  const CtcHypothesis few = ctc_beam_search(scores, {.beams = 8}).front();
  Labels greedy;
  for (const CtcLabel& each : ctc_greedy(scores)) greedy.push_back(each.label);
  EXPECT_GE(ctc_log_probability(scores, few.labels), ctc_log_probability(scores, greedy) - 1e-9);
}

TEST(CtcBeamSearch, RefusesWhatIsNoScores) {
  EXPECT_EQ(test::error_of([] {
              ctc_beam_search(noise({1, 4, 3}, 1));
            }),
            "CTC decoding needs scores (steps, classes), got (1, 4, 3): decode the rows of a batch "
            "one by one");
  EXPECT_EQ(test::error_of([] {
              ctc_beam_search(noise({4, 3}, 1), {.blank = 3});
            }),
            "the blank is 3, which is none of 3 classes");
}

}  // namespace
}  // namespace chronicler::decoding
