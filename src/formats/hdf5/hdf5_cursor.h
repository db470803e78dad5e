// Walking over the bytes of an HDF5 file that anybody may have made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "formats/bytes.h"
#include "formats/hdf5/hdf5_checksum.h"

namespace chronicler::hdf5 {

[[noreturn]] inline void damaged(std::string_view what) {
  throw Error(fmt::format("its HDF5 data are damaged: {}", what), "use another copy");
}
[[noreturn]] inline void not_understood(std::string_view what) {
  throw Error(fmt::format("its HDF5 data hold {}, which is not read", what),
              "save the weights anew with Keras");
}

// Bytes that are taken from the front. Taking more than there are is an Error.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : left_(bytes) {}

  std::string_view take(std::uint64_t count) {
    if (count > left_.size()) damaged("a part of it ends too early");
    const std::string_view taken = left_.substr(0, count);
    left_.remove_prefix(count);
    return taken;
  }
  void skip(std::uint64_t count) { take(count); }
  template <class Number>
  Number number() {
    return number_at<Number>(take(sizeof(Number)), 0);
  }
  // A number of 1, 2, 4 or 8 bytes.
  std::uint64_t number_of(std::size_t size) {
    std::uint64_t value = 0;
    std::memcpy(&value, take(size).data(), size);
    return value;
  }
  void expect(std::string_view mark) {
    if (take(mark.size()) != mark) damaged(fmt::format("\"{}\" is not where it should be", mark));
  }
  std::size_t left() const { return left_.size(); }
  std::string_view rest() const { return left_; }

 private:
  std::string_view left_;
};

constexpr std::size_t padded(std::size_t size) { return (size + 7) / 8 * 8; }

// The bytes of a file, and which of them were read already.
class File {
 public:
  explicit File(std::string_view bytes)
      : bytes_(bytes), unchecked_(bytes.size()), packed_left_(bytes.size()) {}

  std::string_view bytes() const { return bytes_; }
  Cursor at(std::uint64_t address) const {
    if (address > bytes_.size()) damaged("an address lies behind its end");
    return Cursor(bytes_.substr(address));
  }
  // Every block is part of one thing only; what is met twice is a circle, or a trick.
  void visit(std::uint64_t address) {
    if (!visited_.insert(address).second) damaged("two paths lead to one place");
  }
  // The first `size` of these bytes, whose checksum must follow.
  std::string_view checked(std::string_view bytes, std::uint64_t size, std::string_view what) {
    Cursor cursor(bytes);
    const std::string_view block = cursor.take(size);
    check(cursor.number<std::uint32_t>(), block, what);
    return block;
  }
  void check(std::uint32_t checksum, std::string_view block, std::string_view what) {
    // Blocks do not overlap, so that all of them together are no more than the file.
    if (block.size() > unchecked_) damaged("its parts overlap");
    unchecked_ -= block.size();
    if (checksum != lookup3(block))
      damaged(fmt::format("the checksum of {} does not agree with it", what));
  }
  // All data together may take no more than the file has, twenty times as much if it is deflated.
  void account(std::uint64_t bytes, std::uint64_t factor, std::string_view path) {
    const std::uint64_t cost = (bytes + factor - 1) / factor;
    if (cost > packed_left_) {
      throw Error(fmt::format("\"{}\" claims {} bytes, more than the file can hold", path, bytes),
                  "the file is damaged, or made to harm");
    }
    packed_left_ -= cost;
  }

 private:
  std::string_view bytes_;
  std::uint64_t unchecked_;
  std::uint64_t packed_left_;
  std::set<std::uint64_t> visited_;
};

}  // namespace chronicler::hdf5
