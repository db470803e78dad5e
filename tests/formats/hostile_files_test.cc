#include "formats/hostile_files.h"

#include <gtest/gtest.h>

namespace chronicler::test {
namespace {

TEST(HostileFiles, DamagedOnesGiveAModelOrAnError) {
  const Outcomes outcomes = load_damaged_files(1, 900);
  EXPECT_EQ(outcomes.loaded + outcomes.refused, 900);
  EXPECT_GT(outcomes.refused, 450);
  EXPECT_GT(outcomes.loaded, 9);  // or the damage does not reach what is checked last
}

}  // namespace
}  // namespace chronicler::test
