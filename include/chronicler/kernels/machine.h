// What this processor can do, for reports and benchmarks.
#pragma once

#include <string>
#include <vector>

namespace chronicler {

// The instruction set that the kernels run on: "avx512", "avx2", "neon" or "baseline".
// CHRONICLER_ISA chooses another at the start of the process; Error, with those there are, if it
// cannot be had.
std::string instruction_set();
// Those that this build holds and this processor runs, best first.
std::vector<std::string> instruction_sets();
// The processor's name, as the system gives it; "unknown" if it does not.
std::string processor_name();

// Floating-point operations a second, in units of 10^9, of fused multiply-adds on numbers in
// registers, on `threads` threads at once: what no program on this machine goes beyond. Takes about
// `seconds`; the best of many short slices.
double fma_peak_gflops(int threads, double seconds = 0.3);

}  // namespace chronicler
