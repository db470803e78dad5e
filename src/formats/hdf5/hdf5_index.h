// The indexes of HDF5's newer form: heaps and trees of groups and attributes, lists of chunks.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "chronicler/base/shape.h"
#include "formats/hdf5/hdf5_cursor.h"

namespace chronicler::hdf5 {

// III.G: objects of any size, by identifiers that others keep.
class FractalHeap {
 public:
  FractalHeap(File& file, std::uint64_t address);

  std::string_view object(std::string_view identifier) const;

 private:
  struct Layout {
    std::uint16_t identifier_bytes;
    bool has_checksums;
    std::uint16_t width;
    std::uint64_t first_size;    // of a direct block
    std::uint64_t largest_size;  // of a direct block
    std::size_t offset_bytes;
    std::size_t length_bytes;
  };

  void read_direct(File& file, std::uint64_t address, std::uint64_t offset, std::uint64_t size);
  void read_indirect(File& file, std::uint64_t address, std::uint64_t offset, std::uint64_t rows,
                     int depth);
  std::uint64_t size_of_row(std::uint64_t row) const;

  Layout layout_{};
  std::map<std::uint64_t, std::string_view> blocks_;  // by their place in the heap
};

// III.A.2: the records of a B-tree of version 2, in their order. Throws Error if they are of
// another type.
std::vector<std::string_view> records_of_tree(File& file, std::uint64_t address, std::uint8_t type);

// IV.A.2.c, IV.A.2.o: where a group's many links, or an object's many attributes, are in the
// newer form: a heap that holds them, and a tree of records with their identifiers there.
std::vector<std::string_view> dense_objects(File& file, std::string_view info,
                                            std::size_t numbering_bytes, std::uint8_t tree_type,
                                            std::size_t before_id);

// A piece of a data set that is there.
struct Chunk {
  std::uint64_t address;
  std::uint64_t bytes;
  std::uint32_t skipped_filters;
  Shape place;  // its first element
};

// How a data set is cut, as the layout message says (IV.A.2.i).
struct ChunkGrid {
  Shape shape;
  Shape chunk;
  std::uint64_t chunk_bytes;
  bool has_filters;
};

// The pieces that lie in the index at the end of a layout message of version 4, from its kind on.
std::vector<Chunk> chunks_of_index(File& file, Cursor message, std::uint8_t flags,
                                   const ChunkGrid& grid);

}  // namespace chronicler::hdf5
