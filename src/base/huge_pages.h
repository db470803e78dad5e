// Large blocks of memory in large pages.
#pragma once

#include <cstddef>

namespace chronicler {

// Asks the system to hold a new block of several megabytes in huge pages (Linux: madvise); smaller
// ones stay as they are. A kernel that walks through tens of megabytes otherwise waits for the
// tables of its 4096-byte pages.
void prefer_huge_pages(void* block, std::size_t bytes);

}  // namespace chronicler
