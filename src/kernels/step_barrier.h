// Where threads that share the units of a run wait for one another, after every step.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

namespace chronicler::kernels {

// For `count` threads that run at the same time. Each keeps the number of its own waits in a
// variable of its own, 0 before the first.
class StepBarrier {
 public:
  explicit StepBarrier(std::int64_t count) : count_(count) {}

  // Returns when all have come as often as this thread.
  void wait(std::int64_t& waits) {
    ++waits;
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == waits * count_) {
      released_.store(waits, std::memory_order_release);
      return;
    }
    // A step is short; who waits long has lost its neighbour's processor to somebody else.
    constexpr int most_looks = 4096;
    for (int look = 0; released_.load(std::memory_order_acquire) < waits; ++look) {
      if (look > most_looks) {
        std::this_thread::yield();
        continue;
      }
#if defined(__x86_64__) || defined(__i386__)
      _mm_pause();
#endif
    }
  }

 private:
  const std::int64_t count_;
  alignas(64) std::atomic<std::int64_t> arrived_{0};
  alignas(64) std::atomic<std::int64_t> released_{0};
};

}  // namespace chronicler::kernels
