#include "kernels/softmax_loss.h"

#include <array>
#include <cmath>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/random.h"
#include "kernels/isa.h"
#include "support/conformance.h"

namespace chronicler::test {
namespace {

constexpr std::array<std::int64_t, 12> sizes{1, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 1003};
constexpr std::int64_t rows = 3;

struct Example {
  std::vector<float> scores;
  std::vector<std::int32_t> labels;
};

Example example(std::int64_t classes) {
  const Random random(5);
  Example result;
  for (std::int64_t i = 0; i < rows * classes; ++i) {
    const double number = random.normal(1, static_cast<std::uint64_t>(i));
    result.scores.push_back(static_cast<float>(6.0 * number));
  }
  for (std::int64_t row = 0; row < rows; ++row)
    result.labels.push_back(static_cast<std::int32_t>(row * 5 % classes));
  return result;
}

struct Outcome {
  std::vector<float> slopes;
  std::vector<float> losses = std::vector<float>(rows);
};

Outcome run(const Example& given, std::int64_t classes, float smoothing, float scale) {
  Outcome outcome{given.scores};
  kernels::softmax_loss(rows, classes, given.labels.data(), smoothing, scale, outcome.slopes.data(),
                        outcome.losses.data());
  return outcome;
}

TEST(SoftmaxLoss, IsTheReadableOne) {
  for (const std::string& isa : kernels::available_isas()) {
    SCOPED_TRACE(isa);
    const IsaForNow guard(isa);
    for (const std::int64_t classes : sizes) {
      SCOPED_TRACE(classes);
      const Example given = example(classes);
      std::vector<double> slopes(given.scores.begin(), given.scores.end());
      std::vector<double> losses(rows);
      kernels::softmax_loss(rows, classes, given.labels.data(), 0.1, 0.5, slopes.data(),
                            losses.data());
      const Outcome outcome = run(given, classes, 0.1F, 0.5F);
      for (std::size_t i = 0; i < losses.size(); ++i)
        EXPECT_NEAR(static_cast<double>(outcome.losses[i]), losses[i], 2e-5 + 1e-6 * losses[i]);
      for (std::size_t i = 0; i < slopes.size(); ++i)
        EXPECT_NEAR(static_cast<double>(outcome.slopes[i]), slopes[i], 5e-7);
    }
  }
}

TEST(SoftmaxLoss, SlopesAreThoseOfTheLoss) {
  constexpr std::int64_t classes = 5;
  const std::vector<double> scores{0.3, -1.0, 2.0, 0.0, 0.7};
  const std::int32_t label = 3;
  const auto loss = [&](std::vector<double> z, double scale) {
    double value = 0.0;
    kernels::softmax_loss(1, classes, &label, 0.2, scale, z.data(), &value);
    return std::pair(value, z);
  };
  const std::vector<double> slopes = loss(scores, 1.0).second;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    constexpr double e = 1e-6;
    std::vector<double> more = scores;
    std::vector<double> less = scores;
    more[i] += e;
    less[i] -= e;
    EXPECT_NEAR(slopes[i], (loss(more, 0.0).first - loss(less, 0.0).first) / (2 * e), 1e-8);
  }
}

TEST(SoftmaxLoss, WithoutAScaleScoresStay) {
  const Example given = example(17);
  EXPECT_EQ(run(given, 17, 0.1F, 0.0F).slopes, given.scores);
}

TEST(SoftmaxLoss, SameBitsOnEveryProcessor) {
  constexpr std::int64_t classes = 1003;
  std::vector<Outcome> outcomes;
  for (const std::string& isa : kernels::available_isas()) {
    if (isa == "baseline") continue;  // it has no fused product and sum
    const IsaForNow guard(isa);
    outcomes.push_back(run(example(classes), classes, 0.1F, 1.0F));
  }
  for (const Outcome& outcome : outcomes) {
    EXPECT_EQ(outcome.losses, outcomes.front().losses);
    EXPECT_EQ(outcome.slopes, outcomes.front().slopes);
  }
}

TEST(LogSoftmax, ProbabilitiesSumToOne) {
  for (const std::int64_t classes : sizes) {
    Example given = example(classes);
    kernels::log_softmax(rows, classes, given.scores.data());
    for (std::int64_t row = 0; row < rows; ++row) {
      double sum = 0.0;
      for (std::int64_t i = 0; i < classes; ++i)
        sum += std::exp(
            static_cast<double>(given.scores[static_cast<std::size_t>(row * classes + i)]));
      EXPECT_NEAR(sum, 1.0, 1e-5);
    }
  }
}

}  // namespace
}  // namespace chronicler::test
