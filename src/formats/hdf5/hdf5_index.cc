#include "formats/hdf5/hdf5_index.h"

#include <algorithm>
#include <array>
#include <bit>
#include <string>

#include "formats/hdf5/hdf5_layout.h"

namespace chronicler::hdf5 {
namespace {

// A block that begins with this mark, and with the version 0.
Cursor block_at(File& file, std::uint64_t address, std::string_view mark) {
  file.visit(address);
  Cursor cursor = file.at(address);
  cursor.expect(mark);
  if (cursor.number<std::uint8_t>() != 0) not_understood("an index of an unknown version");
  return cursor;
}

// What of the block at `address` was taken so far must agree with the checksum that follows.
void check_block(File& file, std::uint64_t address, const Cursor& behind) {
  const std::string_view whole = file.at(address).rest();
  file.checked(whole, whole.size() - behind.left(), "an index");
}

// Bytes that a number up to `limit` needs.
std::size_t bytes_for(std::uint64_t limit) {
  return static_cast<std::size_t>((std::bit_width(std::max(limit, std::uint64_t{1})) + 7) / 8);
}

std::uint64_t product_of(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) damaged("an index is of an impossible size");
  return product;
}

}  // namespace

// ---- heaps

FractalHeap::FractalHeap(File& file, std::uint64_t address) {
  Cursor cursor = block_at(file, address, "FRHP");
  layout_.identifier_bytes = cursor.number<std::uint16_t>();
  if (cursor.number<std::uint16_t>() != 0) not_understood("a packed heap");
  layout_.has_checksums = (cursor.number<std::uint8_t>() & 0x02U) != 0;
  const auto largest_object = cursor.number<std::uint32_t>();
  cursor.skip(8 *
              12);  // objects too large or small for blocks; what is free, and how much there is
  layout_.width = cursor.number<std::uint16_t>();
  layout_.first_size = cursor.number<std::uint64_t>();
  layout_.largest_size = cursor.number<std::uint64_t>();
  const auto bits = cursor.number<std::uint16_t>();
  cursor.skip(2);
  const auto root = cursor.number<std::uint64_t>();
  const auto rows = cursor.number<std::uint16_t>();
  check_block(file, address, cursor);
  constexpr std::uint16_t most_bits = 64;
  if (bits == 0 || bits > most_bits || layout_.width == 0 || layout_.first_size == 0 ||
      !std::has_single_bit(layout_.first_size) || !std::has_single_bit(layout_.largest_size) ||
      layout_.largest_size < layout_.first_size) {
    damaged("a heap is of an impossible size");
  }
  layout_.offset_bytes = (bits + 7U) / 8U;
  layout_.length_bytes =
      std::min(bytes_for(layout_.largest_size - 1), bytes_for(std::uint64_t{largest_object}));
  if (root == undefined_address) return;
  if (rows == 0) {
    read_direct(file, root, 0, layout_.first_size);
  } else {
    read_indirect(file, root, 0, rows, 0);
  }
}

std::uint64_t FractalHeap::size_of_row(std::uint64_t row) const {
  constexpr std::uint64_t most_doublings = 40;
  if (row > most_doublings) damaged("a heap is of an impossible size");
  return product_of(layout_.first_size, std::uint64_t{1} << (row == 0 ? 0 : row - 1));
}

void FractalHeap::read_direct(File& file, std::uint64_t address, std::uint64_t offset,
                              std::uint64_t size) {
  block_at(file, address, "FHDB");
  const std::string_view block = file.at(address).take(size);
  if (layout_.has_checksums) {
    constexpr std::size_t mark_bytes = 4;
    constexpr std::size_t sum_bytes = 4;
    const std::size_t place = mark_bytes + 1 + 8 + layout_.offset_bytes;
    if (place + sum_bytes > block.size()) damaged("a block of a heap is too small");
    std::string blank(block);
    blank.replace(place, sum_bytes, sum_bytes, '\0');
    file.check(number_at<std::uint32_t>(block, place), blank, "a heap");
  }
  blocks_.emplace(offset, block);
}

void FractalHeap::read_indirect(File& file, std::uint64_t address, std::uint64_t offset,
                                std::uint64_t rows, int depth) {
  constexpr int deepest = 16;
  if (depth > deepest) damaged("a heap nests too deep");
  Cursor cursor = block_at(file, address, "FHIB");
  cursor.skip(8 + layout_.offset_bytes);
  for (std::uint64_t row = 0; row < rows; ++row) {
    const std::uint64_t size = size_of_row(row);
    for (std::uint16_t column = 0; column < layout_.width; ++column) {
      const auto child = cursor.number<std::uint64_t>();
      if (child != undefined_address && size <= layout_.largest_size) {
        read_direct(file, child, offset, size);
      } else if (child != undefined_address) {
        const auto below = static_cast<std::uint64_t>(
            std::bit_width(size) - std::bit_width(product_of(layout_.first_size, layout_.width)) +
            1);
        read_indirect(file, child, offset, below, depth + 1);
      }
      offset += size;
    }
  }
  check_block(file, address, cursor);
}

std::string_view FractalHeap::object(std::string_view identifier) const {
  Cursor cursor(
      identifier.substr(0, std::min<std::size_t>(identifier.size(), layout_.identifier_bytes)));
  constexpr std::uint8_t kind_bits = 0xF0;
  if ((cursor.number<std::uint8_t>() & kind_bits) != 0)
    not_understood("a property of extraordinary size");
  const std::uint64_t offset = cursor.number_of(layout_.offset_bytes);
  const std::uint64_t length = cursor.number_of(layout_.length_bytes);
  auto block = blocks_.upper_bound(offset);
  if (block == blocks_.begin()) damaged("an object is not in its heap");
  --block;
  Cursor inside(block->second);
  inside.skip(offset - block->first);
  return inside.take(length);
}

// ---- trees

namespace {

class TreeReader {
 public:
  TreeReader(File& file, std::uint64_t address, std::uint8_t type) : file_(file), type_(type) {
    Cursor cursor = block_at(file, address, "BTHD");
    if (cursor.number<std::uint8_t>() != type) damaged("a list is of another kind");
    const std::uint64_t node_bytes = cursor.number<std::uint32_t>();
    record_bytes_ = cursor.number<std::uint16_t>();
    const auto depth = cursor.number<std::uint16_t>();
    cursor.skip(1 + 1);
    const auto root = cursor.number<std::uint64_t>();
    const auto records = cursor.number<std::uint16_t>();
    cursor.skip(8);
    check_block(file, address, cursor);
    measure(node_bytes, depth);
    if (root != undefined_address) read_node(root, records, depth);
  }

  std::vector<std::string_view> records() { return std::move(records_); }

 private:
  // How many bytes the numbers of records take in pointers to nodes of each depth.
  void measure(std::uint64_t node_bytes, std::uint16_t depth) {
    constexpr std::uint64_t overhead = 4 + 1 + 1 + 4;
    constexpr std::uint16_t deepest = 16;
    if (record_bytes_ == 0 || node_bytes <= overhead + record_bytes_ || depth > deepest)
      damaged("a list is of an impossible size");
    std::uint64_t below = (node_bytes - overhead) / record_bytes_;
    count_bytes_ = bytes_for(below);
    total_bytes_.assign(1, 0);
    for (std::uint16_t level = 1; level <= depth; ++level) {
      const std::uint64_t pointer = 8 + count_bytes_ + total_bytes_.back();
      if (node_bytes <= overhead + pointer + record_bytes_)
        damaged("a list is of an impossible size");
      const std::uint64_t here = (node_bytes - overhead - pointer) / (record_bytes_ + pointer);
      below = product_of(here + 1, below) + here;
      total_bytes_.push_back(bytes_for(below));
    }
  }

  void read_node(std::uint64_t address, std::uint64_t count, std::uint16_t depth) {
    Cursor cursor = block_at(file_, address, depth == 0 ? "BTLF" : "BTIN");
    if (cursor.number<std::uint8_t>() != type_) damaged("a list is of another kind");
    constexpr std::size_t most_records = 1 << 20;
    if (count > most_records - records_.size()) damaged("a list is too long");
    std::vector<std::string_view> own;
    for (std::uint64_t i = 0; i < count; ++i) own.push_back(cursor.take(record_bytes_));
    struct Child {
      std::uint64_t address;
      std::uint64_t count;
    };
    std::vector<Child> children;
    for (std::uint64_t i = 0; depth > 0 && i <= count; ++i) {
      const auto child = cursor.number<std::uint64_t>();
      children.push_back({child, cursor.number_of(count_bytes_)});
      cursor.skip(total_bytes_[depth - 1U]);
    }
    check_block(file_, address, cursor);
    for (std::size_t i = 0; i <= own.size(); ++i) {
      if (!children.empty())
        read_node(children[i].address, children[i].count, static_cast<std::uint16_t>(depth - 1));
      if (i < own.size()) records_.push_back(own[i]);
    }
  }

  File& file_;
  std::uint8_t type_;
  std::uint16_t record_bytes_ = 0;
  std::size_t count_bytes_ = 0;
  std::vector<std::size_t> total_bytes_;  // by the depth of the node that is pointed to
  std::vector<std::string_view> records_;
};

}  // namespace

std::vector<std::string_view> records_of_tree(File& file, std::uint64_t address,
                                              std::uint8_t type) {
  return TreeReader(file, address, type).records();
}

// ---- chunks

namespace {

// Chunks one after the other, as the last axis runs fastest.
class ChunkList {
 public:
  explicit ChunkList(const ChunkGrid& grid) : grid_(grid) {
    for (int axis = 0; axis < grid.shape.rank(); ++axis) {
      const auto extent = static_cast<std::uint64_t>(grid.shape[axis]);
      const auto chunk = static_cast<std::uint64_t>(grid.chunk[axis]);
      count_ = product_of(count_, (extent + chunk - 1) / chunk);
    }
  }

  std::uint64_t count() const { return count_; }
  void add(std::uint64_t number, std::uint64_t address, std::uint64_t bytes,
           std::uint32_t skipped_filters) {
    if (address == undefined_address) return;
    if (number >= count_) damaged("a data set has more pieces than its shape");
    Shape place = grid_.shape;
    for (int axis = place.rank() - 1; axis >= 0; --axis) {
      const std::int64_t chunk = grid_.chunk[axis];
      const std::int64_t along = (grid_.shape[axis] + chunk - 1) / chunk;
      place.set(axis, static_cast<std::int64_t>(number) % along * chunk);
      number /= static_cast<std::uint64_t>(along);
    }
    chunks.push_back({address, bytes, skipped_filters, place});
  }
  // An entry of an array: an address, and for packed chunks their size and which filters they lack.
  void add_entry(std::uint64_t number, Cursor& cursor, std::size_t entry_bytes) {
    constexpr std::size_t fixed_bytes = 8 + 4;
    const auto address = cursor.number<std::uint64_t>();
    if (!grid_.has_filters) return add(number, address, grid_.chunk_bytes, 0);
    if (entry_bytes <= fixed_bytes || entry_bytes > fixed_bytes + 8)
      damaged("a list of pieces is of an impossible size");
    const std::uint64_t bytes = cursor.number_of(entry_bytes - fixed_bytes);
    add(number, address, bytes, cursor.number<std::uint32_t>());
  }

  std::vector<Chunk> chunks;

 private:
  const ChunkGrid& grid_;
  std::uint64_t count_ = 1;
};

// VII.B: all chunks of a data set whose shape is fixed.
void read_fixed_array(File& file, std::uint64_t address, ChunkList& list) {
  Cursor header = block_at(file, address, "FAHD");
  header.skip(1);
  const std::size_t entry_bytes = header.number<std::uint8_t>();
  const auto page_bits = header.number<std::uint8_t>();
  const auto count = header.number<std::uint64_t>();
  const auto data = header.number<std::uint64_t>();
  check_block(file, address, header);
  if (data == undefined_address) return;
  if (count != list.count() || page_bits > 32) damaged("a list of pieces is of an impossible size");
  Cursor block = block_at(file, data, "FADB");
  block.skip(1 + 8);
  const std::uint64_t page = std::uint64_t{1} << page_bits;
  if (count <= page) {
    for (std::uint64_t i = 0; i < count; ++i) list.add_entry(i, block, entry_bytes);
    return check_block(file, data, block);
  }
  const std::uint64_t pages = (count + page - 1) / page;
  const std::string_view in_use = block.take((pages + 7) / 8);
  check_block(file, data, block);
  block.skip(4);
  for (std::uint64_t i = 0; i < pages; ++i) {
    const std::uint64_t entries = std::min(page, count - i * page);
    const std::string_view bytes = block.take(product_of(entries, entry_bytes) + 4);
    const auto bits = static_cast<std::uint8_t>(in_use[i / 8]);
    if ((bits & 0x80U >> i % 8) == 0) continue;
    Cursor own(file.checked(bytes, bytes.size() - 4, "an index"));
    for (std::uint64_t k = 0; k < entries; ++k) list.add_entry(i * page + k, own, entry_bytes);
  }
}

// VII.C: chunks of a data set that may grow along one axis. The first ones are in the index block,
// then follow blocks that double every other time, the later of them behind blocks of addresses.
class ExtensibleArray {
 public:
  ExtensibleArray(File& file, std::uint64_t address, ChunkList& list) : file_(file), list_(list) {
    Cursor header = block_at(file, address, "EAHD");
    header.skip(1);
    entry_bytes_ = header.number<std::uint8_t>();
    count_bits_ = header.number<std::uint8_t>();
    const auto in_index = header.number<std::uint8_t>();
    least_entries_ = header.number<std::uint8_t>();
    const auto least_pointers = header.number<std::uint8_t>();
    page_bits_ = header.number<std::uint8_t>();
    header.skip(8 * 6);
    const auto index = header.number<std::uint64_t>();
    check_block(file, address, header);
    if (index == undefined_address) return;
    if (least_entries_ == 0 || least_pointers == 0 || count_bits_ > 64 || page_bits_ > 32)
      damaged("a list of pieces is of an impossible size");
    Cursor block = block_at(file, index, "EAIB");
    block.skip(1 + 8);
    for (std::uint8_t i = 0; i < in_index; ++i) take_entry(block);
    // Groups of blocks: group g has 2^(g/2) blocks of 2^((g+1)/2) times the least entries. The
    // index block points to the blocks of the first groups, then to a block of addresses for each
    // further.
    std::uint64_t pointers = 2 * (static_cast<std::uint64_t>(least_pointers) - 1);
    std::uint64_t group = 0;
    for (; pointers > 0 && !done(); ++group) {
      for (std::uint64_t i = 0; i < blocks_of(group) && pointers > 0; ++i, --pointers)
        read_block(block.number<std::uint64_t>(), entries_of(group));
    }
    for (; !done(); ++group) read_group(block.number<std::uint64_t>(), group);
  }

 private:
  bool done() const { return next_ >= list_.count(); }
  static std::uint64_t blocks_of(std::uint64_t group) {
    if (group > 64) damaged("a list of pieces is of an impossible size");
    return std::uint64_t{1} << group / 2;
  }
  std::uint64_t entries_of(std::uint64_t group) const {
    return product_of(std::uint64_t{1} << (group + 1) / 2, least_entries_);
  }
  void take_entry(Cursor& cursor) {
    if (done()) {
      cursor.skip(entry_bytes_);
    } else {
      list_.add_entry(next_, cursor, entry_bytes_);
    }
    ++next_;
  }
  void read_block(std::uint64_t address, std::uint64_t entries) {
    if (address == undefined_address || done()) {
      next_ += entries;
      return;
    }
    if (entries > std::uint64_t{1} << page_bits_)
      not_understood("data in more pieces than one list holds");
    Cursor block = block_at(file_, address, "EADB");
    block.skip(1 + 8 + (count_bits_ + 7U) / 8U);
    for (std::uint64_t i = 0; i < entries; ++i) take_entry(block);
    check_block(file_, address, block);
  }
  void read_group(std::uint64_t address, std::uint64_t group) {
    if (address == undefined_address) {
      next_ += product_of(blocks_of(group), entries_of(group));
      return;
    }
    if (entries_of(group) > std::uint64_t{1} << page_bits_)
      not_understood("data in more pieces than one list holds");
    Cursor block = block_at(file_, address, "EASB");
    block.skip(1 + 8 + (count_bits_ + 7U) / 8U);
    for (std::uint64_t i = 0; i < blocks_of(group); ++i)
      read_block(block.number<std::uint64_t>(), entries_of(group));
    check_block(file_, address, block);
  }

  File& file_;
  ChunkList& list_;
  std::size_t entry_bytes_ = 0;
  std::uint8_t count_bits_ = 0;
  std::uint8_t least_entries_ = 0;
  std::uint8_t page_bits_ = 0;
  std::uint64_t next_ = 0;
};

// Records of a data set that may grow along several axes: address, size and skipped filters if it
// is packed, and which chunk it is along each axis.
void read_chunk_records(File& file, std::uint64_t address, const ChunkGrid& grid, ChunkList& list) {
  constexpr std::uint8_t plain = 10;
  constexpr std::uint8_t packed = 11;
  const int rank = grid.shape.rank();
  for (const std::string_view record :
       records_of_tree(file, address, grid.has_filters ? packed : plain)) {
    Cursor cursor(record);
    const auto place = cursor.number<std::uint64_t>();
    std::uint64_t bytes = grid.chunk_bytes;
    std::uint32_t skipped = 0;
    if (grid.has_filters) {
      const auto numbers = static_cast<std::size_t>(rank) * 8 + 4;
      if (cursor.left() <= numbers || cursor.left() > numbers + 8)
        damaged("a list of pieces is of an impossible size");
      bytes = cursor.number_of(cursor.left() - numbers);
      skipped = cursor.number<std::uint32_t>();
    }
    std::uint64_t number = 0;
    for (int axis = 0; axis < rank; ++axis) {
      const auto along =
          static_cast<std::uint64_t>((grid.shape[axis] + grid.chunk[axis] - 1) / grid.chunk[axis]);
      const auto index = cursor.number<std::uint64_t>();
      if (index >= along) damaged("a piece lies outside of its array");
      number = number * along + index;
    }
    list.add(number, place, bytes, skipped);
  }
}

enum class IndexKind : std::uint8_t { single = 1, implicit, fixed_array, extensible_array, tree };

}  // namespace

std::vector<Chunk> chunks_of_index(File& file, Cursor message, std::uint8_t flags,
                                   const ChunkGrid& grid) {
  constexpr std::uint8_t single_is_packed = 0x02;
  ChunkList list(grid);
  const auto kind = static_cast<IndexKind>(message.number<std::uint8_t>());
  std::uint64_t bytes = grid.chunk_bytes;
  std::uint32_t skipped = 0;
  if (kind == IndexKind::single && (flags & single_is_packed) != 0) {
    bytes = message.number<std::uint64_t>();
    skipped = message.number<std::uint32_t>();
  }
  if (kind == IndexKind::fixed_array) message.skip(1);
  if (kind == IndexKind::extensible_array) message.skip(5);
  if (kind == IndexKind::tree) message.skip(4 + 1 + 1);
  const auto address = message.number<std::uint64_t>();
  if (address == undefined_address) return {};
  switch (kind) {
    case IndexKind::single:
      list.add(0, address, bytes, skipped);
      break;
    case IndexKind::implicit:
      if (list.count() > file.bytes().size()) damaged("a data set has more pieces than bytes");
      for (std::uint64_t i = 0; i < list.count(); ++i)
        list.add(i, address + product_of(i, bytes), bytes, 0);
      break;
    case IndexKind::fixed_array:
      read_fixed_array(file, address, list);
      break;
    case IndexKind::extensible_array:
      ExtensibleArray(file, address, list);
      break;
    case IndexKind::tree:
      read_chunk_records(file, address, grid, list);
      break;
    default:
      not_understood("pieces in a list of an unknown kind");
  }
  return std::move(list.chunks);
}

std::vector<std::string_view> dense_objects(File& file, std::string_view info,
                                            std::size_t numbering_bytes, std::uint8_t tree_type,
                                            std::size_t before_id) {
  Cursor cursor(info);
  cursor.skip(1);
  const auto flags = cursor.number<std::uint8_t>();
  if ((flags & 0x01U) != 0) cursor.skip(numbering_bytes);
  const auto heap_address = cursor.number<std::uint64_t>();
  const auto tree_address = cursor.number<std::uint64_t>();
  if (heap_address == undefined_address) return {};
  const FractalHeap heap(file, heap_address);
  std::vector<std::string_view> objects;
  for (const std::string_view record : records_of_tree(file, tree_address, tree_type)) {
    if (record.size() < before_id) damaged("a list is of an impossible size");
    objects.push_back(heap.object(record.substr(before_id)));
  }
  return objects;
}

}  // namespace chronicler::hdf5
