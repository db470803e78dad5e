#include "kernels/isa.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "support/conformance.h"

namespace chronicler::test {
namespace {

TEST(Isa, ThereIsAlwaysOne) {
  const std::vector<std::string> all = kernels::available_isas();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), all.size());
  EXPECT_NE(std::find(all.begin(), all.end(), kernels::isa()), all.end()) << kernels::isa();
  const std::set<std::string> known{"avx512", "avx2", "neon", "baseline"};
  for (const std::string& isa : all) EXPECT_TRUE(known.contains(isa)) << isa;
}

TEST(Isa, EveryAvailableOneCanBeForced) {
  const std::string before = kernels::isa();
  for (const std::string& isa : kernels::available_isas()) {
    const IsaForNow guard(isa);
    EXPECT_EQ(kernels::isa(), isa);
  }
  EXPECT_EQ(kernels::isa(), before);
}

TEST(Isa, AnUnknownOneIsAnErrorThatNamesTheKnown) {
  const std::string before = kernels::isa();
  const std::vector<std::string> all = kernels::available_isas();
  for (const char* name : {"avx1024", "", "AVX2", "nothing like it"}) {
    const std::string message = error_of([&] { kernels::force_isa(name); });
    EXPECT_NE(message.find(std::string("\"") + name + "\""), std::string::npos) << message;
    const bool names_one = std::any_of(all.begin(), all.end(), [&](const std::string& isa) {
      return message.find(isa) != std::string::npos;
    });
    EXPECT_TRUE(names_one) << message;
  }
  EXPECT_EQ(kernels::isa(), before);
}

}  // namespace
}  // namespace chronicler::test
