#include "chronicler/base/arena.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <limits>
#include <new>
#include <utility>

#include <fmt/format.h>

#include "base/huge_pages.h"
#include "chronicler/base/error.h"

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#else  // without valgrind's headers, which are needed for its tests only
#define VALGRIND_MAKE_MEM_UNDEFINED(place, bytes) static_cast<void>(place)
#define RUNNING_ON_VALGRIND 0
#endif

namespace chronicler {
namespace {

constexpr std::size_t alignment = 64;
constexpr std::size_t smallest_block = 4096;
constexpr std::size_t most_bytes = std::size_t{1} << 44U;  // no machine has more

[[noreturn]] void no_memory(std::size_t bytes) {
  throw Error(fmt::format("there is no memory for {} bytes of scratch", bytes),
              "use smaller batches, fewer units or shorter sequences");
}

// Each allocation takes whole lines, and at least one, so that no two share an address.
std::size_t whole_lines(std::size_t bytes) {
  if (bytes > most_bytes) no_memory(bytes);
  return (std::max<std::size_t>(bytes, 1) + alignment - 1) / alignment * alignment;
}

constexpr int no_poison = -1;
std::atomic<int> poison_byte = no_poison;

// Memory is handed out again and again; without this valgrind would not see what was left there.
bool asks_valgrind() { return RUNNING_ON_VALGRIND != 0; }
const bool under_valgrind = asks_valgrind();

void spoil(std::byte* place, std::size_t bytes) {
  const int byte = poison_byte.load(std::memory_order_relaxed);
  if (byte != no_poison) std::memset(place, byte, bytes);
  if (under_valgrind) static_cast<void>(VALGRIND_MAKE_MEM_UNDEFINED(place, bytes));
}

}  // namespace

void Arena::poison(std::optional<std::uint8_t> byte) {
  poison_byte = byte ? static_cast<int>(*byte) : no_poison;
}

void Arena::Free::operator()(std::byte* block) const {
  ::operator delete (block, std::align_val_t{alignment});
}

Arena::Block Arena::make_block(std::size_t size) {
  void* data = ::operator new (size, std::align_val_t{alignment}, std::nothrow);
  if (data == nullptr) no_memory(size);
  prefer_huge_pages(data, size);
  Block block;
  block.data.reset(static_cast<std::byte*>(data));
  block.size = size;
  return block;
}

void* Arena::allocate(std::size_t bytes) {
  const std::size_t needed = whole_lines(bytes);
  if (blocks_.empty()) {  // new, or moved from
    offset_ = 0;
    used_ = 0;
    most_ = 0;
  }
  if (blocks_.empty() || blocks_.back().size - offset_ < needed) {
    // As much again as there is already: few blocks, whatever the size of the pass.
    blocks_.push_back(make_block(std::max({needed, own_capacity(), smallest_block})));
    offset_ = 0;
  }
  std::byte* place = blocks_.back().data.get() + offset_;
  offset_ += needed;
  used_ += needed;
  spoil(place, needed);
  return place;
}

TensorView Arena::tensor(const Shape& shape, DType dtype) {
  std::size_t bytes = 0;
  if (__builtin_mul_overflow(static_cast<std::size_t>(shape.elements()), size_of(dtype), &bytes)) {
    bytes = std::numeric_limits<std::size_t>::max();  // refused
  }
  return {allocate(bytes), dtype, shape};
}

TensorView Arena::zeros(const Shape& shape, DType dtype) {
  const TensorView view = tensor(shape, dtype);
  std::memset(view.raw(), 0, view.bytes());
  return view;
}

Arena& Arena::branch() {
  if (!branch_) branch_ = std::make_unique<Arena>();
  return *branch_;
}

void Arena::rewind(const Mark& mark) {
  most_ = std::max(most_, used_);
  used_ = mark.used;
  if (blocks_.size() <= mark.blocks) {
    offset_ = mark.offset;
    return;
  }
  // Of the blocks that came since, the last is the largest: it stays, for what comes next.
  blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(mark.blocks), blocks_.end() - 1);
  offset_ = 0;
}

void Arena::reset() {
  const std::size_t needed = std::max(std::exchange(used_, 0), std::exchange(most_, 0));
  offset_ = 0;
  if (blocks_.size() > 1) {
    blocks_.clear();  // before the new one is taken: the peak is not the sum
    blocks_.push_back(make_block(needed));
  }
  if (branch_) branch_->reset();
}

std::size_t Arena::used() const { return used_ + (branch_ ? branch_->used() : 0); }

std::size_t Arena::capacity() const { return own_capacity() + (branch_ ? branch_->capacity() : 0); }

std::size_t Arena::own_capacity() const {
  std::size_t sum = 0;
  for (const Block& block : blocks_) sum += block.size;
  return sum;
}

}  // namespace chronicler
