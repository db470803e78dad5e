// Counts allocations, on all threads. Only the tests of conformance and formats link the trap
// (heap/allocation_trap.cc).
#pragma once

#include <cstdint>

namespace chronicler::test {

// Blocks taken from the heap (new, malloc and their kin) since the program started.
std::int64_t allocations_so_far();
// What those blocks hold, freed ones too.
std::int64_t allocated_bytes_so_far();

// Allocations since it was made.
class AllocationCount {
 public:
  std::int64_t value() const { return allocations_so_far() - before_; }
  std::int64_t bytes() const { return allocated_bytes_so_far() - bytes_before_; }

 private:
  std::int64_t before_ = allocations_so_far();
  std::int64_t bytes_before_ = allocated_bytes_so_far();
};

}  // namespace chronicler::test
