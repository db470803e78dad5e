// Scratch memory for one pass over a network: handed out in order, taken back all at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "chronicler/base/tensor.h"

namespace chronicler {

// A bump allocator. The first pass of a given size may take several blocks from the heap; reset()
// melts them into one, so that the second pass of the same size, and each after it, allocates
// nothing. Not safe for use from several threads at once.
class Arena {
 public:
  Arena() = default;
  Arena(Arena&&) noexcept = default;
  Arena& operator=(Arena&&) noexcept = default;

  // `bytes` of memory, 64-byte aligned, contents undefined.
  void* allocate(std::size_t bytes);
  template <class Element>
  Element* array(std::int64_t count) {
    return static_cast<Element*>(allocate(static_cast<std::size_t>(count) * sizeof(Element)));
  }
  // Contents undefined, or all zero.
  TensorView tensor(const Shape& shape, DType dtype);
  TensorView zeros(const Shape& shape, DType dtype);

  // For tests: all memory that arenas hand out from now on is filled with this byte. Whoever reads
  // what it did not write then has other results. Under valgrind it is undefined, always.
  static void poison(std::optional<std::uint8_t> byte);

  // An arena for a part of the pass that another thread runs; it is reset with this one.
  Arena& branch();

  // Takes back what was handed out since `mark`: the scratch of one step of many.
  struct Mark {
    std::size_t blocks = 0;
    std::size_t offset = 0;
    std::size_t used = 0;
  };
  Mark mark() const { return {blocks_.size(), offset_, used_}; }
  void rewind(const Mark& mark);

  // Takes everything back; views into this arena and its branch are dead.
  void reset();
  // Bytes, those of the branch included.
  std::size_t used() const;
  std::size_t capacity() const;

 private:
  struct Free {
    void operator()(std::byte* block) const;
  };
  struct Block {
    std::unique_ptr<std::byte, Free> data;
    std::size_t size = 0;
  };
  static Block make_block(std::size_t size);

  std::size_t own_capacity() const;

  std::vector<Block> blocks_;
  std::size_t offset_ = 0;  // in the last block
  std::size_t used_ = 0;    // over all blocks
  std::unique_ptr<Arena> branch_;
  std::size_t most_ = 0;  // before what was rewound
};

}  // namespace chronicler
