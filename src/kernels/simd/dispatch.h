// The choice of an instruction set before the first kernel runs.
//
// Highway compiles the kernels; the choice is made here. Its own choice is in a library that,
// merely loaded, measures the clock for 4 ms at the start of each process.
#pragma once

#include <atomic>
#include <cstddef>

#include "hwy/highway.h"
#include "hwy/targets.h"

namespace chronicler::kernels {

// Chooses what CHRONICLER_ISA names, or the best there is (kernels/isa.h). Throws Error for an
// unknown name.
void choose_isa_at_start();

// The place of what is chosen in the tables of CHRONICLER_EXPORT; 0 before there is a choice.
inline std::atomic<std::size_t> chosen_place{0};

// The same for vectors of at most eight numbers, where few are worked on.
inline std::atomic<std::size_t> narrow_place{0};

inline void ensure_isa() {
  if (HWY_UNLIKELY(chosen_place.load(std::memory_order_relaxed) == 0)) choose_isa_at_start();
}

}  // namespace chronicler::kernels

// A table of that function for each instruction set, as CHRONICLER_DISPATCH wants it: nothing, then
// those that may be chosen, then the baseline.
#define CHRONICLER_EXPORT(function)                                               \
  static constexpr decltype(&HWY_STATIC_DISPATCH(function)) function##Table[] = { \
      nullptr, HWY_CHOOSE_TARGET_LIST(function), HWY_CHOOSE_FALLBACK(function)}

// The function of that name for the instruction set that was chosen.
#define CHRONICLER_DISPATCH(function)   \
  (::chronicler::kernels::ensure_isa(), \
   function##Table[::chronicler::kernels::chosen_place.load(std::memory_order_relaxed)])
// ... or for narrow vectors.
#define CHRONICLER_DISPATCH_NARROW(function) \
  (::chronicler::kernels::ensure_isa(),      \
   function##Table[::chronicler::kernels::narrow_place.load(std::memory_order_relaxed)])
