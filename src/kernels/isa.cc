#include "kernels/isa.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include "hwy/highway.h"
#include "hwy/targets.h"

#include "chronicler/base/error.h"
#include "kernels/simd/dispatch.h"

namespace chronicler::kernels {
namespace {

struct Isa {
  std::string_view name;
  std::int64_t target;  // Highway's
};

// Those that have vectors, best first; what is none of them is the baseline.
constexpr std::array<Isa, 3> vector_isas{{
    {"avx512", HWY_AVX3},
    {"avx2", HWY_AVX2},
    {"neon", HWY_NEON},
}};
constexpr std::int64_t vector_targets = HWY_AVX3 | HWY_AVX2 | HWY_NEON;

// What this processor and its system run, of those.
#if defined(__x86_64__) || defined(__i386__)

// Two that older compilers do not ask for by name.
bool has_half_floats() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}
bool has_leading_zeros() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(0x80000001U, &a, &b, &c, &d) != 0 && (c & bit_LZCNT) != 0;
}

// All that Highway lets a compiler use for a target.
std::int64_t supported_targets() {
  __builtin_cpu_init();
  std::int64_t targets = HWY_STATIC_TARGET;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
      __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
      __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul") && has_half_floats() &&
      has_leading_zeros()) {
    targets |= HWY_AVX2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512cd")) {
      targets |= HWY_AVX3;
    }
  }
  return targets;
}

#else

std::int64_t supported_targets() { return HWY_STATIC_TARGET; }

#endif

// Where a table of CHRONICLER_EXPORT has a target: the first of its list is at 1, for the lowest
// bit; what is not in the list is the baseline, behind it.
std::size_t place_of(std::int64_t target) {
  constexpr int lowest_bit = HWY_HIGHEST_TARGET_BIT + 1 - HWY_MAX_DYNAMIC_TARGETS;
  const int place = std::countr_zero(static_cast<std::uint64_t>(target)) - lowest_bit;
  const bool listed = place >= 0 && place < HWY_MAX_DYNAMIC_TARGETS;
  return static_cast<std::size_t>(listed ? place : HWY_MAX_DYNAMIC_TARGETS) + 1;
}

const std::vector<Isa>& available() {
  static const std::vector<Isa> found = [] {
    const std::int64_t targets = supported_targets() & HWY_TARGETS;
    std::vector<Isa> isas;
    for (const Isa& isa : vector_isas) {
      if ((targets & isa.target) != 0) isas.push_back(isa);
    }
    if ((HWY_STATIC_TARGET & vector_targets) == 0) isas.push_back({"baseline", HWY_STATIC_TARGET});
    return isas;
  }();
  return found;
}

// The place in available() of what runs; set before the first kernel does.
std::size_t& chosen() {
  static std::size_t index = 0;
  return index;
}

void choose(std::string_view name, std::string_view where) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < available().size(); ++i) {
    const Isa& isa = available()[i];
    names.push_back(isa.name);
    if (isa.name != name) continue;
    chosen() = i;
    narrow_place.store(place_of(isa.target == HWY_AVX3 ? HWY_AVX2 : isa.target),
                       std::memory_order_relaxed);
    chosen_place.store(place_of(isa.target), std::memory_order_relaxed);
    return;
  }
  unknown_name(where, name, names);
}

}  // namespace

void choose_isa_at_start() {
  const char* wanted = std::getenv("CHRONICLER_ISA");
  if (wanted != nullptr && *wanted != '\0') {
    choose(wanted, "instruction set of CHRONICLER_ISA (not known, or not to be had here)");
  } else {
    choose(available().front().name, "instruction set");
  }
}

std::string isa() {
  ensure_isa();
  return std::string(available()[chosen()].name);
}

std::vector<std::string> available_isas() {
  std::vector<std::string> names;
  for (const Isa& isa : available()) names.emplace_back(isa.name);
  return names;
}

void force_isa(const std::string& isa) {
  choose(isa, "instruction set (not known, or not to be had here)");
}

}  // namespace chronicler::kernels
