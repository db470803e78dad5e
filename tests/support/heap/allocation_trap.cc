// The trap behind support/allocation_count.h: every malloc of the program passes here, and operator
// new calls malloc. Under a sanitizer, which has an allocator of its own, the sanitizer tells (the
// build defines CHRONICLER_SANITIZER_ALLOCATES).
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>

#include "support/allocation_count.h"

namespace chronicler::test {
namespace {

std::atomic<std::int64_t> allocations{0};
std::atomic<std::int64_t> bytes{0};

[[maybe_unused]] void note(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  bytes.fetch_add(static_cast<std::int64_t>(size), std::memory_order_relaxed);
}

}  // namespace

std::int64_t allocations_so_far() { return allocations.load(std::memory_order_relaxed); }
std::int64_t allocated_bytes_so_far() { return bytes.load(std::memory_order_relaxed); }

}  // namespace chronicler::test

#ifdef CHRONICLER_SANITIZER_ALLOCATES

extern "C" void __sanitizer_malloc_hook(const volatile void* /*block*/, std::size_t size) {
  chronicler::test::note(size);
}

#else

// glibc's own functions under the names by which it lets a program replace malloc.
extern "C" {

void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) {
  chronicler::test::note(size);
  return __libc_malloc(size);
}

void* calloc(std::size_t count, std::size_t size) {
  chronicler::test::note(count * size);
  return __libc_calloc(count, size);
}

void* realloc(void* block, std::size_t size) {
  chronicler::test::note(size);
  return __libc_realloc(block, size);
}

void* memalign(std::size_t alignment, std::size_t size) {
  chronicler::test::note(size);
  return __libc_memalign(alignment, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) { return memalign(alignment, size); }

int posix_memalign(void** block, std::size_t alignment, std::size_t size) {
  *block = memalign(alignment, size);
  return *block != nullptr ? 0 : ENOMEM;
}

}  // extern "C"

#endif
