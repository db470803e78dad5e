// Memory that is a file, mapped: giving its pages back behind who walks over it, and asking whether
// the file still is what was mapped.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "chronicler/base/tensor.h"

namespace chronicler {

// Says that these bytes were read, or written, and are not needed soon. Where they are a file's,
// its pages are given back to the system (madvise, in pieces of a megabyte), and are there again,
// with the same bytes, for who asks for them again. Nothing happens to other memory, to that of a
// NumPy array for instance. It may be called for any range, from any thread, in any order; ranges
// that follow one another, forwards or backwards, cost least.
void done_with(const void* begin, std::size_t bytes) noexcept;
inline void done_with(const TensorView& view) noexcept { done_with(view.raw(), view.bytes()); }

// Whether it begins within a file that was mapped to be read.
bool is_mapped(const TensorView& view) noexcept;
// The path of that file; empty for other memory.
std::string mapped_path(const TensorView& view);

// Throws Error if the view is of a file that has another size than when it was mapped. To be asked
// before a part of it is read: the system ends a process (SIGBUS) that reads where a file was cut.
// A file that is cut between this question and the reading still does that. A file that was removed
// or replaced under its name stays what it was for who has mapped it.
void check_mapped(const TensorView& view);

// The address space of a file, or of a part of one, until it dies.
class MappedMemory {
 public:
  enum class Access { read, write };
  // Maps the first `bytes` of an open file, which may be closed then. The path must stay right
  // while the process changes its folder. Throws std::system_error.
  MappedMemory(int file, std::string path, std::size_t bytes, Access access);
  ~MappedMemory();
  MappedMemory(const MappedMemory&) = delete;
  MappedMemory& operator=(const MappedMemory&) = delete;

  std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace chronicler
