#include "tasks/translate/tied_loss.h"

#include <cmath>

#include <gtest/gtest.h>

#include "chronicler/base/random.h"

namespace chronicler::tasks {
namespace {

constexpr std::int64_t pieces = 37;
constexpr std::int64_t width = 9;
constexpr std::int64_t rows = 300;  // more than are in memory at a time

void fill(const Tensor& tensor, std::uint64_t stream) {
  const Random random(1);
  for (std::int64_t i = 0; i < tensor.size(); ++i)
    tensor.as<float>()[i] =
        static_cast<float>(0.5 * random.normal(stream, static_cast<std::uint64_t>(i)));
}

class TiedLossTest : public ::testing::Test {
 protected:
  TiedLossTest() {
    table_.value = Tensor({pieces, width});
    table_.gradient = Tensor({pieces, width});
    fill(table_.value, 1);
    fill(vectors_, 2);
    for (std::int64_t row = 0; row < rows; row += 1 + row % 2) {
      places_.push_back(row);
      expected_.as<std::int32_t>()[row] = static_cast<std::int32_t>(1 + row * 7 % (pieces - 1));
    }
  }
  double loss() { return loss_.run(vectors_, expected_, 0.1, {}); }

  Parameter table_;
  Tensor vectors_{Shape{rows, width}};
  std::vector<std::int64_t> places_;
  Tensor expected_{Shape{rows}, DType::int32};
  TiedLoss loss_{table_, 0.1};
};

TEST_F(TiedLossTest, IsTheCrossEntropyOfTheExpected) {
  double sum = 0.0;
  for (const std::int64_t place : places_) {
    std::vector<double> scores(pieces);
    double total = 0.0;
    double mean = 0.0;
    for (std::int64_t p = 0; p < pieces; ++p) {
      double& score = scores[static_cast<std::size_t>(p)];
      for (std::int64_t k = 0; k < width; ++k) {
        score += static_cast<double>(table_.value.as<float>()[p * width + k]) *
                 static_cast<double>(vectors_.as<float>()[place * width + k]);
      }
      total += std::exp(score);
      mean += score / static_cast<double>(pieces);
    }
    const auto expected = static_cast<std::size_t>(expected_.as<std::int32_t>()[place]);
    sum += std::log(total) - 0.9 * scores[expected] - 0.1 * mean;
  }
  EXPECT_NEAR(loss(), sum / static_cast<double>(places_.size()), 1e-5);
}

TEST_F(TiedLossTest, SlopesAreThoseOfTheLoss) {
  const Tensor slope({rows, width});
  loss_.run(vectors_, expected_, 0.1, slope);
  const auto difference = [&](float& number) {
    const float before = number;
    constexpr float step = 0.25F;
    number = before + step;
    const double more = loss();
    number = before - step;
    const double less = loss();
    number = before;
    return (more - less) / (2.0 * static_cast<double>(step));
  };
  for (const std::int64_t i : {0, 5 * 9 + 3, 36 * 9 + 8}) {
    EXPECT_NEAR(static_cast<double>(table_.gradient.as<float>()[i]),
                difference(table_.value.as<float>()[i]), 2e-4);
  }
  const std::int64_t at = places_[100] * width + 4;
  EXPECT_NEAR(static_cast<double>(slope.as<float>()[at]), difference(vectors_.as<float>()[at]),
              2e-5);
  // Nothing is expected of a row that is not among the places.
  EXPECT_EQ(slope.as<float>()[2 * width], 0.0F);
}

// As fit sees it: whatever was in memory before, and whatever the mask says.
TEST_F(TiedLossTest, IsALoss) {
  const Tensor slope({rows, width});
  const double value = loss_.run(vectors_, expected_, 0.1, slope);
  const Tensor mask({rows}, DType::boolean);
  const Tensor gradient({rows, width});
  fill(gradient, 3);
  Arena arena;
  EXPECT_EQ(reduced_loss(loss_, {expected_, vectors_, {}, mask}, gradient, arena),
            static_cast<double>(static_cast<float>(value)));
  for (std::int64_t i = 0; i < slope.size(); ++i)
    ASSERT_EQ(gradient.as<float>()[i], slope.as<float>()[i]) << i;
}

TEST_F(TiedLossTest, IsTheSameForAnyNumberOfThreads) {
  const int before = Runtime::global().threads();
  const Tensor slope({rows, width});
  std::vector<double> losses;
  std::vector<std::vector<float>> gradients;
  for (const int threads : {1, 3}) {
    set_threads(threads);
    for (float& number : table_.gradient.span<float>()) number = 0.0F;
    losses.push_back(loss_.run(vectors_, expected_, 0.1, slope));
    const auto own = table_.gradient.span<float>();
    gradients.emplace_back(own.begin(), own.end());
  }
  set_threads(before);
  EXPECT_EQ(losses[0], losses[1]);
  EXPECT_EQ(gradients[0], gradients[1]);
}

}  // namespace
}  // namespace chronicler::tasks
