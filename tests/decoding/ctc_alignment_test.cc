#include "chronicler/decoding/ctc_alignment.h"

#include <cmath>

#include <gtest/gtest.h>

#include "support/conformance.h"
#include "support/ctc_paths.h"

namespace chronicler::decoding {
namespace {

using test::Labels;
using test::noise;

TEST(CtcAlignment, IsTheLikeliestPath) {
  const Tensor scores = test::scaled(noise({6, 3}, 3), 2.0);
  for (const Labels& labels : {Labels{1}, Labels{1, 2}, Labels{1, 1}, Labels{2, 1, 2}}) {
    Labels best;
    double most = 0.0;
    test::visit_paths(scores, [&](const Labels& path, double probability) {
      if (probability <= most || test::spelt(path, 0) != labels) return;
      most = probability;
      best = path;
    });
    const std::vector<CtcLabel> found = ctc_align(scores, labels);
    ASSERT_EQ(found.size(), labels.size());
    Labels path(6, 0);
    for (const CtcLabel& each : found) {
      for (std::int64_t t = each.begin; t < each.end; ++t)
        path[static_cast<std::size_t>(t)] = each.label;
    }
    EXPECT_EQ(path, best);
  }
}

TEST(CtcAlignment, ProbabilitiesOfAllTextsAddUpToOne) {
  const Tensor scores = noise({4, 3}, 5);
  double sum = 0.0;
  for (const auto& [labels, probability] : test::probabilities_of_all(scores)) {
    EXPECT_NEAR(std::exp(ctc_log_probability(scores, labels)), probability, 1e-9);
    sum += std::exp(ctc_log_probability(scores, labels));
  }
  EXPECT_NEAR(sum, 1.0, 1e-9);
}

TEST(CtcAlignment, TheLikeliestSingleLabel) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Tensor scores = noise({5, 4}, seed);
    std::int64_t best = 0;
    double most = 0.0;
    for (const auto& [labels, probability] : test::probabilities_of_all(scores)) {
      if (labels.size() != 1 || probability <= most) continue;
      most = probability;
      best = labels.front();
    }
    EXPECT_EQ(ctc_single_label(scores), best) << seed;
  }
}

TEST(CtcAlignment, TooFewSteps) {
  const Labels twice{1, 1};
  EXPECT_EQ(ctc_log_probability(noise({2, 3}, 1), twice), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(test::error_of([&] {
              ctc_align(noise({2, 3}, 1), twice);
            }),
            "2 steps are too few for 2 labels: a repeated label needs a step between");
}

}  // namespace
}  // namespace chronicler::decoding
