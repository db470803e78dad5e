// The trap catches: whatever takes memory is counted.
#include <cstdlib>
#include <memory>
#include <new>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/tensor.h"
#include "support/allocation_count.h"

namespace chronicler::test {
namespace {

// A pointer that the compiler cannot follow: it may leave out an allocation that nobody sees.
void* volatile seen = nullptr;

TEST(AllocationTrap, CountsNothingWhenNothingIsTaken) {
  const AllocationCount count;
  EXPECT_EQ(count.value(), 0);
}

TEST(AllocationTrap, CatchesNew) {
  const AllocationCount count;
  auto* number = new int(1);
  seen = number;
  delete number;
  EXPECT_EQ(count.value(), 1);
}

TEST(AllocationTrap, CatchesAlignedNew) {
  struct alignas(64) Line {
    char bytes[64];
  };
  const AllocationCount count;
  auto* line = new Line();
  seen = line;
  delete line;
  EXPECT_EQ(count.value(), 1);
}

TEST(AllocationTrap, CatchesMallocCallocReallocAndAlignedAlloc) {
  const AllocationCount count;
  seen = std::malloc(10);
  std::free(seen);
  seen = std::calloc(10, 1);
  void* larger = std::realloc(seen, 100000);
  seen = larger;
  std::free(larger);
  seen = std::aligned_alloc(64, 128);
  std::free(seen);
  EXPECT_EQ(count.value(), 4);
}

TEST(AllocationTrap, CatchesOtherThreads) {
  std::atomic<bool> go{false};
  std::thread thread([&] {
    while (!go.load()) std::this_thread::yield();
    seen = new int(1);
    delete static_cast<int*>(seen);
  });
  const AllocationCount count;
  go = true;
  thread.join();
  EXPECT_GE(count.value(), 1);
}

TEST(AllocationTrap, CatchesTensorsAndVectors) {
  const AllocationCount count;
  const std::vector<int> numbers(100);
  EXPECT_EQ(count.value(), 1);
  const Tensor tensor({2, 3});
  EXPECT_GE(count.value(), 2);
}

}  // namespace
}  // namespace chronicler::test
