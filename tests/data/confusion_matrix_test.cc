#include "chronicler/data/confusion_matrix.h"

#include <gtest/gtest.h>

#include "chronicler/base/error.h"

namespace chronicler::data {
namespace {

TEST(ConfusionMatrix, CountsAndRates) {
  const std::vector<std::int32_t> truth{0, 0, 0, 1, 1, 2};
  const std::vector<std::int32_t> told{0, 0, 1, 1, 0, 1};
  const ConfusionMatrix matrix(4, truth, told);
  EXPECT_EQ(matrix.total(), 6);
  EXPECT_EQ(matrix.count(0, 1), 1);
  EXPECT_DOUBLE_EQ(matrix.accuracy(), 0.5);
  EXPECT_DOUBLE_EQ(matrix.precision(0), 2.0 / 3.0);
  EXPECT_DOUBLE_EQ(matrix.recall(0), 2.0 / 3.0);
  EXPECT_DOUBLE_EQ(matrix.precision(1), 1.0 / 3.0);
  EXPECT_DOUBLE_EQ(matrix.recall(1), 0.5);
  EXPECT_DOUBLE_EQ(matrix.f1(1), 0.4);
  EXPECT_DOUBLE_EQ(matrix.f1(2), 0.0);
  EXPECT_DOUBLE_EQ(matrix.f1(3), 0.0);
  EXPECT_DOUBLE_EQ(matrix.macro_f1(), (2.0 / 3.0 + 0.4 + 0.0) / 3.0);  // class 3 does not occur
}

TEST(ConfusionMatrix, RefusesWhatIsNoClass) {
  ConfusionMatrix matrix(2);
  EXPECT_THROW(matrix.add(2, 0), Error);
  EXPECT_THROW(matrix.add(0, -1), Error);
  EXPECT_EQ(matrix.accuracy(), 0.0);
}

}  // namespace
}  // namespace chronicler::data
