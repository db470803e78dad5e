// Counts allocations, on all threads. Only the conformance tests link the trap
// (allocation_trap.cc).
#pragma once

#include <cstdint>

namespace chronicler::test {

// Blocks taken from the heap (new, malloc and their kin) since the program started.
std::int64_t allocations_so_far();

// Allocations since it was made.
class AllocationCount {
 public:
  std::int64_t value() const { return allocations_so_far() - before_; }

 private:
  std::int64_t before_ = allocations_so_far();
};

}  // namespace chronicler::test
