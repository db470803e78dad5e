#include "chronicler/kernels/machine.h"

#include <gtest/gtest.h>

#include "kernels/isa.h"
#include "kernels/peak.h"

namespace chronicler {
namespace {

TEST(Machine, NamesItsInstructionSets) {
  EXPECT_EQ(instruction_set(), kernels::isa());
  EXPECT_EQ(instruction_sets(), kernels::available_isas());
  EXPECT_FALSE(processor_name().empty());
}

TEST(Machine, CountsWhatItMultiplies) {
  float sink = 0.0F;
  const double once = kernels::run_multiply_adds(10, &sink);
  EXPECT_GT(once, 0.0);
  EXPECT_EQ(kernels::run_multiply_adds(30, &sink), 3 * once);
  EXPECT_GT(sink, 0.0F);
}

TEST(Machine, HasAPeak) {
  EXPECT_GT(fma_peak_gflops(1, 0.01), 0.0);  // under an emulator it is very little
  EXPECT_GT(fma_peak_gflops(2, 0.01), 0.0);
}

}  // namespace
}  // namespace chronicler
