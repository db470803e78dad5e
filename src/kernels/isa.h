// Which instruction set the fast kernels run on.
#pragma once

#include <string>
#include <vector>

namespace chronicler::kernels {

// The best this processor has, or what CHRONICLER_ISA names ("avx512", "avx2", "neon", "baseline").
// Throws Error, once, at the first kernel's call, if that is unknown or not to be had here.
std::string isa();
// Those that this build holds and this processor runs, best first.
std::vector<std::string> available_isas();
// Runs everything from now on with `isa`; for tests and the benchmark. Not while kernels run.
void force_isa(const std::string& isa);

}  // namespace chronicler::kernels
