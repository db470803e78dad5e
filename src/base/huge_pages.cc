#include "base/huge_pages.h"

#include <cstdint>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace chronicler {

void prefer_huge_pages([[maybe_unused]] void* block, [[maybe_unused]] std::size_t bytes) {
#if defined(__linux__)
  constexpr std::uintptr_t page = std::uintptr_t{1} << 21U;
  constexpr std::size_t large = 2 * page;
  if (block == nullptr || bytes < large) return;
  // Whole huge pages only: their neighbours' memory is somebody else's.
  const auto begin = reinterpret_cast<std::uintptr_t>(block);
  const std::uintptr_t first = (begin + page - 1) / page * page;
  const std::uintptr_t end = (begin + bytes) / page * page;
  auto* start = static_cast<std::byte*>(block) + (first - begin);
  if (end > first) madvise(start, end - first, MADV_HUGEPAGE);  // a refusal changes nothing
#endif
}

}  // namespace chronicler
