#include <gtest/gtest.h>

#include "formats/hostile_files.h"

namespace chronicler::test {
namespace {

TEST(HostileFiles, ThirtyThousandDamagedOnesGiveAModelOrAnError) {
  const Outcomes outcomes = load_damaged_files(1'000'000, 30'000);
  EXPECT_EQ(outcomes.loaded + outcomes.refused, 30'000);
  RecordProperty("loaded", outcomes.loaded);
  RecordProperty("refused", outcomes.refused);
}

}  // namespace
}  // namespace chronicler::test
