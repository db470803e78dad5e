#include "base/seed_scope.h"

#include <cstdint>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/random.h"

namespace chronicler {
namespace {

std::vector<std::uint64_t> three() { return {next_seed(), next_seed(), next_seed()}; }

TEST(SeedScope, IsASequenceOfItsOwnAndLeavesTheProcessAlone) {
  set_random_seed(7);
  const auto wanted = three();
  set_random_seed(7);
  {
    const SeedScope scope(3);
    const auto inside = three();
    EXPECT_NE(inside, wanted);
    set_random_seed(7);  // is about the scope
    EXPECT_EQ(three(), wanted);
    {
      const SeedScope inner(3);
      EXPECT_EQ(three(), inside);
    }
    std::vector<std::uint64_t> elsewhere;
    std::thread other([&] { elsewhere = three(); });
    other.join();
    EXPECT_EQ(elsewhere, wanted);  // the process's own
  }
  EXPECT_EQ(SeedScope::current(), nullptr);
  set_random_seed(7);
  EXPECT_EQ(three(), wanted);
  set_random_seed(0);
}

}  // namespace
}  // namespace chronicler
