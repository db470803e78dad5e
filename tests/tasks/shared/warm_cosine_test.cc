#include "tasks/shared/warm_cosine.h"

#include <gtest/gtest.h>

namespace chronicler::tasks {
namespace {

TEST(WarmCosine, RisesThenFallsToItsEnd) {
  constexpr WarmCosine schedule{.warm_share = 0.1, .start = 0.02, .end = 0.05};
  EXPECT_NEAR(schedule.at(0.0), 0.02, 1e-12);
  EXPECT_LT(schedule.at(0.05), schedule.at(0.09));
  EXPECT_GT(schedule.at(0.1), 0.95);
  EXPECT_NEAR(schedule.at(0.5), 0.05 + 0.95 * 0.5, 1e-12);
  EXPECT_NEAR(schedule.at(1.0), 0.05, 1e-12);
}

}  // namespace
}  // namespace chronicler::tasks
