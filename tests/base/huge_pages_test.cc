#include "base/huge_pages.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

namespace chronicler {
namespace {

TEST(HugePages, ChangeNothingThatIsInThem) {
  std::vector<std::byte> memory(std::size_t{9} << 20U, std::byte{7});
  for (const std::size_t offset : {0U, 1U, 4095U, 2097152U}) {
    prefer_huge_pages(memory.data() + offset, memory.size() - offset);
  }
  prefer_huge_pages(memory.data(), 10);
  prefer_huge_pages(nullptr, memory.size());
  EXPECT_EQ(std::count(memory.begin(), memory.end(), std::byte{7}),
            static_cast<std::ptrdiff_t>(memory.size()));
}

}  // namespace
}  // namespace chronicler
