#include "kernels/isa.h"

#include <array>
#include <cstdlib>
#include <string_view>

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

const std::vector<Isa>& available() {
  static const std::vector<Isa> found = [] {
    const std::int64_t targets = hwy::SupportedTargets() & HWY_TARGETS;
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
    hwy::GetChosenTarget().Update(isa.target);
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
