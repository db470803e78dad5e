#include "chronicler/data/forecast_errors.h"

#include <vector>

#include <gtest/gtest.h>

#include "support/conformance.h"

namespace chronicler::data {
namespace {

using Series = std::vector<double>;
using test::error_of;

TEST(ForecastErrors, Smape) {
  EXPECT_DOUBLE_EQ(smape(Series{1, 2}, Series{1, 2}), 0.0);
  EXPECT_DOUBLE_EQ(smape(Series{1, 2}, Series{3, 2}), 100.0 * (2.0 / 4 + 0) * 2 / 2);
  EXPECT_DOUBLE_EQ(smape(Series{0, 1}, Series{0, -1}), 100.0);  // 0 and 200
  EXPECT_EQ(error_of([] { smape(Series{1}, Series{}); }),
            "a forecast of 0 steps cannot be compared with 1 values");
}

TEST(ForecastErrors, Mase) {
  const Series history{1, 3, 2, 4, 3};  // steps of 2, 1, 2, 1
  EXPECT_DOUBLE_EQ(mase(Series{5, 5}, Series{4, 8}, history), 2.0 / 1.5);
  EXPECT_DOUBLE_EQ(mase(Series{5, 5}, Series{4, 8}, history, 2), 2.0);  // season steps of 1
  EXPECT_EQ(error_of([&] { mase(Series{5}, Series{4}, history, 5); }),
            "a history of 5 values is too short for a season of 5: give the values before the "
            "forecast");
  EXPECT_EQ(error_of([] {
              mase(Series{5}, Series{4}, Series{1, 1, 1});
            }),
            "the naive forecast makes no error in this history, which cannot scale others: use "
            "smape, or a history that is not constant");
  EXPECT_EQ(error_of([&] { mase(Series{5}, Series{4}, history, 0); }),
            "a season must be at least 1 step long, got 0");
}

}  // namespace
}  // namespace chronicler::data
