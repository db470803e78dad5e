#include "formats/hdf5/hdf5_chunks.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "formats/bytes.h"
#include "formats/hdf5/hdf5_checksum.h"
#include "formats/hdf5/hdf5_index.h"
#include "formats/hdf5/hdf5_layout.h"
#include "formats/hdf5/inflate.h"

namespace chronicler::hdf5 {
namespace {

// The bytes of each element lay apart: all first bytes, all second bytes, ...
std::string unshuffled(const std::string& bytes, std::size_t size) {
  std::string result(bytes.size(), '\0');
  const std::size_t count = bytes.size() / size;
  for (std::size_t byte = 0; byte < size; ++byte) {
    for (std::size_t i = 0; i < count; ++i) result[i * size + byte] = bytes[byte * count + i];
  }
  return result;
}

// A data set in pieces of equal shape: where they are, and the one array that they fill.
struct Chunks {
  Shape shape;
  Shape chunk;
  std::size_t size;
  Filters filters;
  std::uint64_t chunk_bytes;
  std::string array;
  std::set<std::uint64_t> places = {};  // of the pieces that are there, as numbers of an element
  std::uint64_t covered = 0;            // elements of the array
};

void add_chunk_axis(std::uint64_t extent, Chunks& chunks) {
  constexpr std::uint64_t most = std::uint64_t{1} << 32U;
  if (extent == 0 || extent > most ||
      __builtin_mul_overflow(chunks.chunk_bytes, extent, &chunks.chunk_bytes)) {
    damaged("pieces of an impossible shape");
  }
  chunks.chunk.append(static_cast<std::int64_t>(extent));
}

// False if there is nothing to read.
bool make_room(Chunks& chunks, std::uint64_t bytes) {
  if (bytes == 0) return false;
  // A piece may stick out of the array, but not be out of all proportion.
  constexpr std::uint64_t most_piece = std::uint64_t{1} << 26U;
  if (chunks.chunk_bytes > std::max(bytes, most_piece)) damaged("pieces of an impossible shape");
  chunks.array.resize(bytes);
  return true;
}

void check_covered(const Chunks& chunks) {
  if (chunks.covered != static_cast<std::uint64_t>(chunks.shape.elements()))
    not_understood("data of which parts were never written");
}

// The checksum of a data set's piece, which is its last four bytes.
void check_sum(std::string_view bytes) {
  constexpr std::size_t checksum_bytes = 4;
  if (bytes.size() < checksum_bytes) damaged("a piece is too short");
  const auto sum = number_at<std::uint32_t>(bytes, bytes.size() - checksum_bytes);
  const std::uint32_t own = fletcher32(bytes.substr(0, bytes.size() - checksum_bytes));
  if (sum != own && sum != early_fletcher32(own))
    damaged("the checksum of a data set does not agree with its numbers");
}

// What was done to a piece is undone in the reverse order. Filters that a writer left out of a
// piece, because they did not help, are bits of `skipped`.
std::string unpacked(std::string_view packed, std::uint32_t skipped, const Chunks& chunks) {
  constexpr std::size_t checksum_bytes = 4;
  const auto is_used = [&](std::size_t i) { return (skipped >> i & 1U) == 0; };
  std::uint64_t size = chunks.chunk_bytes;  // before the last filter that is left
  for (std::size_t i = 0; i < chunks.filters.size(); ++i)
    size += chunks.filters[i] == Filter::checksum && is_used(i) ? checksum_bytes : 0;
  std::string bytes(packed);
  for (std::size_t i = chunks.filters.size(); i-- > 0;) {
    if (!is_used(i)) continue;
    switch (chunks.filters[i]) {
      case Filter::checksum:
        check_sum(bytes);
        bytes.resize(bytes.size() - checksum_bytes);
        size -= checksum_bytes;
        break;
      case Filter::deflate:
        bytes = inflate(bytes, size);
        break;
      case Filter::shuffle:
        bytes = unshuffled(bytes, chunks.size);
        break;
    }
  }
  if (bytes.size() != chunks.chunk_bytes) damaged("a piece has another size than its shape");
  return bytes;
}

// Copies row by row what of the piece lies within the array.
void place_chunk(const std::string& piece, const Shape& place, Chunks& chunks) {
  const int rank = chunks.shape.rank();
  std::uint64_t first = 0;
  for (int axis = 0; axis < rank; ++axis)
    first = first * static_cast<std::uint64_t>(chunks.shape[axis]) +
            static_cast<std::uint64_t>(place[axis]);
  if (!chunks.places.insert(first).second) damaged("two pieces lie in one place");
  if (rank == 0) {
    chunks.array = piece;
    chunks.covered += 1;
    return;
  }
  const int last = rank - 1;
  const std::int64_t width = std::min(chunks.chunk[last], chunks.shape[last] - place[last]);
  const std::int64_t rows =
      static_cast<std::int64_t>(piece.size() / chunks.size) / chunks.chunk[last];
  for (std::int64_t row = 0; row < rows; ++row) {
    std::int64_t left = row;
    std::int64_t offset = place[last];
    std::int64_t stride = chunks.shape[last];
    bool inside = true;
    for (int axis = last - 1; axis >= 0; --axis) {
      const std::int64_t index = place[axis] + left % chunks.chunk[axis];
      left /= chunks.chunk[axis];
      inside = inside && index < chunks.shape[axis];
      if (!inside) break;
      offset += index * stride;
      stride *= chunks.shape[axis];
    }
    if (!inside) continue;
    const auto size = static_cast<std::int64_t>(chunks.size);
    piece.copy(chunks.array.data() + offset * size, static_cast<std::size_t>(width * size),
               static_cast<std::size_t>(row * chunks.chunk[last] * size));
    chunks.covered += static_cast<std::uint64_t>(width);
  }
}

// III.A.1: keys are the packed size, a mask of skipped filters, and the place of the piece.
void read_chunk_tree(File& file, std::uint64_t address, Chunks& chunks, int steps) {
  constexpr int most_steps = 16;
  if (steps > most_steps) damaged("the list of a data set nests too deep");
  file.visit(address);
  Cursor cursor = file.at(address);
  cursor.expect("TREE");
  if (cursor.number<std::uint8_t>() != 1) damaged("a data set has the list of a group");
  const auto level = cursor.number<std::uint8_t>();
  const auto count = cursor.number<std::uint16_t>();
  cursor.skip(8 + 8);
  for (int i = 0; i < count; ++i) {
    const auto packed_bytes = cursor.number<std::uint32_t>();
    const auto skipped_filters = cursor.number<std::uint32_t>();
    Shape place;
    for (int axis = 0; axis < chunks.shape.rank(); ++axis) {
      const auto offset = cursor.number<std::uint64_t>();
      const bool fits = offset < static_cast<std::uint64_t>(chunks.shape[axis]) &&
                        offset % static_cast<std::uint64_t>(chunks.chunk[axis]) == 0;
      if (level == 0 && !fits) damaged("a piece lies outside of its array");
      place.append(static_cast<std::int64_t>(offset & (~std::uint64_t{0} >> 2U)));
    }
    cursor.skip(8);
    const auto child = cursor.number<std::uint64_t>();
    if (level > 0) {
      read_chunk_tree(file, child, chunks, steps + 1);
      continue;
    }
    file.visit(child);
    place_chunk(unpacked(file.at(child).take(packed_bytes), skipped_filters, chunks), place,
                chunks);
  }
}

void read_listed_chunks(File& file, Cursor cursor, Chunks& chunks, std::uint64_t bytes) {
  if (cursor.number<std::uint8_t>() != chunks.shape.rank() + 1) damaged("pieces of another shape");
  const auto tree = cursor.number<std::uint64_t>();
  for (int axis = 0; axis < chunks.shape.rank(); ++axis)
    add_chunk_axis(cursor.number<std::uint32_t>(), chunks);
  if (!make_room(chunks, bytes)) return;
  if (tree == undefined_address) not_understood("data that were never written");
  read_chunk_tree(file, tree, chunks, 0);
  check_covered(chunks);
}

// The same in a layout message of version 4.
void read_indexed_chunks(File& file, Cursor cursor, Chunks& chunks, std::uint64_t bytes) {
  const auto flags = cursor.number<std::uint8_t>();
  constexpr std::uint8_t edges_are_plain = 0x01;
  if ((flags & edges_are_plain) != 0 && !chunks.filters.empty())
    not_understood("pieces that are packed in different ways");
  if (cursor.number<std::uint8_t>() != chunks.shape.rank() + 1) damaged("pieces of another shape");
  const std::size_t number_bytes = cursor.number<std::uint8_t>();
  if (number_bytes == 0 || number_bytes > sizeof(std::uint64_t))
    damaged("pieces of an impossible shape");
  for (int axis = 0; axis < chunks.shape.rank(); ++axis)
    add_chunk_axis(cursor.number_of(number_bytes), chunks);
  cursor.skip(number_bytes);
  if (!make_room(chunks, bytes)) return;
  const ChunkGrid grid{chunks.shape, chunks.chunk, chunks.chunk_bytes, !chunks.filters.empty()};
  const std::vector<Chunk> index = chunks_of_index(file, cursor, flags, grid);
  if (index.empty()) not_understood("data that were never written");
  for (const Chunk& chunk : index) {
    file.visit(chunk.address);
    place_chunk(unpacked(file.at(chunk.address).take(chunk.bytes), chunk.skipped_filters, chunks),
                chunk.place, chunks);
  }
  check_covered(chunks);
}

}  // namespace

Filters filters_of(std::string_view message) {
  Cursor cursor(message);
  const auto version = cursor.number<std::uint8_t>();
  if (version != 1 && version != 2) not_understood("filters of an unknown version");
  const auto count = cursor.number<std::uint8_t>();
  if (version == 1) cursor.skip(6);
  Filters filters;
  for (int i = 0; i < count; ++i) {
    constexpr std::uint16_t first_of_others = 256;
    const auto kind = cursor.number<std::uint16_t>();
    const bool has_name = version == 1 || kind >= first_of_others;
    const std::size_t name = has_name ? cursor.number<std::uint16_t>() : 0;
    cursor.skip(2);
    const std::size_t values = cursor.number<std::uint16_t>();
    cursor.skip(version == 1 ? padded(name) : name);
    cursor.skip(4 * (version == 1 ? (values + 1) / 2 * 2 : values));
    const auto filter = static_cast<Filter>(kind);
    if (kind < 1 || kind > 3 || std::find(filters.begin(), filters.end(), filter) != filters.end())
      not_understood(fmt::format("data packed by filter {}", kind));
    filters.push_back(filter);
  }
  return filters;
}

std::string read_chunks(File& file, Cursor layout, int version, const Shape& shape,
                        std::size_t size, const Filters& filters, std::uint64_t bytes) {
  Chunks chunks{shape, {}, size, filters, size, {}};
  if (version == 3) {
    read_listed_chunks(file, layout, chunks, bytes);
  } else {
    read_indexed_chunks(file, layout, chunks, bytes);
  }
  return std::move(chunks.array);
}

}  // namespace chronicler::hdf5
