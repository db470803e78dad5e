#include "chronicler/kernels/scan_speed.h"

#include <gtest/gtest.h>

namespace chronicler {
namespace {

TEST(ScanSpeed, IsThatOfArraysOfAnySize) {
  EXPECT_GT(last_cache_bytes(), 0);
  EXPECT_GT(copy_bandwidth(1, 4096, 0.001), 0.0);
  for (const ScanSpeedShape& shape : {ScanSpeedShape{2, 100, 30}, ScanSpeedShape{1, 70'000, 3}}) {
    const ScanSpeed speed = scan_speed(2, shape, 0.001);
    EXPECT_GT(speed.forward, 0.0);
    EXPECT_GT(speed.backward, 0.0);
  }
  EXPECT_EQ((ScanSpeedShape{2, 100, 30}.bytes()), 24'000);
}

}  // namespace
}  // namespace chronicler
