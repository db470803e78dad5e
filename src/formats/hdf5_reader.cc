#include "formats/hdf5_reader.h"

#include <algorithm>
#include <cstring>
#include <set>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "formats/bytes.h"
#include "formats/hdf5_checksum.h"
#include "formats/hdf5_cursor.h"
#include "formats/hdf5_index.h"
#include "formats/hdf5_layout.h"
#include "formats/inflate.h"
#include "formats/stored_numbers.h"

namespace chronicler {
namespace {

using hdf5::Cursor;
using hdf5::damaged;
using hdf5::LayoutClass;
using hdf5::MessageKind;
using hdf5::not_understood;
using hdf5::padded;
using hdf5::TypeClass;
using hdf5::undefined_address;

struct Message {
  MessageKind kind;
  bool shared;
  std::string_view data;
};

// ---- types, shapes, attributes: what a message's bytes say

// IV.A.2.d: the whole numbers and IEEE's reals of every size and byte order, and bfloat16, for
// which HDF5 has no type: Keras stores two bytes without one. Empty for anything else. The type's
// version, in the upper half of its first byte, makes no difference for numbers.
std::optional<StoredNumber> number_type_of(std::string_view message) {
  constexpr std::size_t before_properties = 8;
  if (message.size() < before_properties) return std::nullopt;
  Cursor cursor(message);
  const auto type_class = static_cast<TypeClass>(cursor.number<std::uint8_t>() & 0x0FU);
  const auto bits = cursor.number<std::uint8_t>();
  cursor.skip(2);
  const std::size_t size = cursor.number<std::uint32_t>();
  StoredNumber type{NumberClass::brain, size, (bits & 0x01U) != 0};
  if (type_class == TypeClass::opaque) {
    return size == 2 ? std::optional(type) : std::nullopt;
  }
  if (type_class == TypeClass::fixed_point) {
    constexpr std::uint8_t is_signed = 0x08;
    type.kind = (bits & is_signed) != 0 ? NumberClass::whole : NumberClass::natural;
  } else if (type_class == TypeClass::floating_point && (bits & 0x40U) == 0) {
    type.kind = NumberClass::real;
  } else {
    return std::nullopt;
  }
  if (!is_readable(type) || cursor.left() < 4) return std::nullopt;
  if (cursor.number<std::uint16_t>() != 0 || cursor.number<std::uint16_t>() != 8 * size)
    return std::nullopt;
  if (type.kind != NumberClass::real) return type;
  // Where exponent and fraction begin, and how long they are.
  constexpr std::string_view half("\x0a\x05\x00\x0a", 4);
  const std::string_view fields = size == 2   ? half
                                  : size == 4 ? hdf5::float32_type.substr(12, 4)
                                              : hdf5::float64_type.substr(12, 4);
  return cursor.rest().starts_with(fields) ? std::optional(type) : std::nullopt;
}

// IV.A.2.b.
Shape shape_of(std::string_view message) {
  Cursor cursor(message);
  const auto version = cursor.number<std::uint8_t>();
  if (version != 1 && version != 2) not_understood("a shape of an unknown version");
  const auto rank = cursor.number<std::uint8_t>();
  cursor.skip(1);
  const auto kind = cursor.number<std::uint8_t>();
  if (version == 2 && kind > 1) not_understood("an array without shape");
  if (version == 1) cursor.skip(4);
  if (rank > Shape::max_rank)
    throw Error(fmt::format("its HDF5 data hold an array of {} axes, at most {} are read", rank,
                            Shape::max_rank));
  Shape shape;
  for (int axis = 0; axis < rank; ++axis) {
    const auto extent = cursor.number<std::uint64_t>();
    if (extent > std::uint64_t{1} << 62U) damaged("an array has a negative size");
    shape.append(static_cast<std::int64_t>(extent));
  }
  return shape;
}

// How the pieces of a data set were packed (IV.A.2.l): in the order in which it was done.
enum class Filter : std::uint16_t { deflate = 1, shuffle = 2, checksum = 3 };
using Filters = std::vector<Filter>;

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

// The bytes of each element lay apart: all first bytes, all second bytes, ...
std::string unshuffled(const std::string& bytes, std::size_t size) {
  std::string result(bytes.size(), '\0');
  const std::size_t count = bytes.size() / size;
  for (std::size_t byte = 0; byte < size; ++byte) {
    for (std::size_t i = 0; i < count; ++i) result[i * size + byte] = bytes[byte * count + i];
  }
  return result;
}

// ---- the file

class Reader {
 public:
  explicit Reader(std::string_view file) : file_(file), packed_left_(file.size()) {}

  Hdf5Content read() {
    read_object(root_address(), "", 0);
    return std::move(content_);
  }

 private:
  Cursor at(std::uint64_t address) const { return file_.at(address); }
  void visit(std::uint64_t address) { file_.visit(address); }

  // II.A: the address of the root group's header.
  std::uint64_t root_address() {
    Cursor cursor(file_.bytes());
    if (!file_.bytes().starts_with(hdf5::signature)) throw Error("it is not an HDF5 file");
    cursor.skip(hdf5::signature.size());
    const auto version = cursor.number<std::uint8_t>();
    if (version > 3) not_understood(fmt::format("version {} of the format", version));
    if (version < 2) cursor.skip(4);
    const auto offsets = cursor.number<std::uint8_t>();
    const auto lengths = cursor.number<std::uint8_t>();
    if (offsets != 8 || lengths != 8) not_understood("addresses that are not 64 bits long");
    if (version < 2) cursor.skip(1 + 2 + 2 + 4);
    if (version == 1) cursor.skip(4);
    if (version >= 2) cursor.skip(1);
    if (cursor.number<std::uint64_t>() != 0) not_understood("a block of something else in front");
    cursor.skip(8);
    if (cursor.number<std::uint64_t>() > file_.bytes().size()) damaged("it ends too early");
    if (version < 2) cursor.skip(8 + 8);  // driver; the root's name
    const auto root = cursor.number<std::uint64_t>();
    constexpr std::size_t before_checksum = 44;
    if (version >= 2) file_.checked(file_.bytes(), before_checksum, "its first block");
    return root;
  }

  // ---- object headers

  std::vector<Message> messages_at(std::uint64_t address) {
    visit(address);
    Cursor cursor = at(address);
    return cursor.rest().starts_with("OHDR") ? messages_of_version_2(cursor)
                                             : messages_of_version_1(cursor);
  }

  // IV.A.1.a.
  std::vector<Message> messages_of_version_1(Cursor cursor) {
    if (cursor.number<std::uint8_t>() != 1) damaged("an object has no header");
    cursor.skip(1 + 2 + 4);
    const auto size = cursor.number<std::uint32_t>();
    cursor.skip(4);
    std::vector<Message> messages;
    std::vector<std::string_view> blocks{cursor.take(size)};
    for (std::size_t block = 0; block < blocks.size(); ++block) {
      constexpr std::size_t message_header = 8;
      for (Cursor part(blocks[block]); part.left() >= message_header;) {
        const auto kind = part.number<std::uint16_t>();
        const auto length = part.number<std::uint16_t>();
        const auto flags = part.number<std::uint8_t>();
        part.skip(3);
        add_message(kind, flags, part.take(length), messages,
                    [&](Cursor more, std::uint64_t bytes) { blocks.push_back(more.take(bytes)); });
      }
    }
    return messages;
  }

  // IV.A.1.b.
  std::vector<Message> messages_of_version_2(Cursor cursor) {
    constexpr std::size_t checksum = 4;
    const std::string_view whole = cursor.rest();
    cursor.skip(4);
    if (cursor.number<std::uint8_t>() != 2) damaged("an object's header has an unknown version");
    const auto flags = cursor.number<std::uint8_t>();
    if ((flags & 0x20U) != 0) cursor.skip(16);  // times
    if ((flags & 0x10U) != 0) cursor.skip(4);   // limits of attributes
    const bool has_order = (flags & 0x04U) != 0;
    const std::uint64_t size = cursor.number_of(std::size_t{1} << (flags & 0x03U));
    std::vector<Message> messages;
    std::vector<std::string_view> blocks{cursor.take(size)};
    const auto before_checksum = static_cast<std::size_t>(cursor.rest().data() - whole.data());
    file_.checked(whole, before_checksum, "an object's header");
    for (std::size_t block = 0; block < blocks.size(); ++block) {
      const std::size_t message_header = has_order ? 6 : 4;
      for (Cursor part(blocks[block]); part.left() >= message_header;) {
        const std::uint16_t kind = part.number<std::uint8_t>();
        const auto length = part.number<std::uint16_t>();
        const auto message_flags = part.number<std::uint8_t>();
        if (has_order) part.skip(2);
        add_message(
            kind, message_flags, part.take(length), messages,
            [&](Cursor more, std::uint64_t bytes) {
              if (bytes < 4 + checksum) damaged("a header goes on in too small a block");
              Cursor next(file_.checked(more.rest(), bytes - checksum, "an object's header"));
              next.expect("OCHK");
              blocks.push_back(next.rest());
            });
      }
    }
    return messages;
  }

  template <class Continue>
  void add_message(std::uint16_t kind, std::uint8_t flags, std::string_view data,
                   std::vector<Message>& messages, const Continue& go_on) {
    constexpr std::size_t most_messages = 4096;
    if (messages.size() == most_messages) damaged("an object has too many properties");
    const auto known = static_cast<MessageKind>(kind);
    if (known == MessageKind::continuation) {
      Cursor cursor(data);
      const auto address = cursor.number<std::uint64_t>();
      const auto bytes = cursor.number<std::uint64_t>();
      visit(address);
      go_on(at(address), bytes);
    } else if (known != MessageKind::nil) {
      messages.push_back({known, (flags & 0x02U) != 0, data});
    }
  }

  static const Message* find(const std::vector<Message>& messages, MessageKind kind) {
    for (const Message& message : messages) {
      if (message.kind != kind) continue;
      if (message.shared) not_understood("properties that several objects share");
      return &message;
    }
    return nullptr;
  }

  // ---- objects

  void read_object(std::uint64_t address, const std::string& path, int depth) {
    constexpr int deepest = 32;
    if (depth > deepest) damaged("its groups nest too deep");
    const std::vector<Message> messages = messages_at(address);
    try {
      read_attributes(messages, path);
      if (find(messages, MessageKind::layout) != nullptr) {
        read_dataset(messages, path);
      } else {
        read_group(messages, path, depth);
      }
    } catch (const Error& error) {
      if (path.empty() || error.message().find('"') != std::string::npos) throw;
      throw Error(fmt::format("{} (at \"{}\")", error.message(), path), error.hint());
    }
  }

  void read_child(std::string_view name, std::uint64_t address, const std::string& path,
                  int depth) {
    constexpr std::size_t longest_path = 512;
    if (name.empty() || name.find('/') != std::string_view::npos || name == "." || name == ".." ||
        path.size() + name.size() > longest_path) {
      damaged("an object has no proper name");
    }
    read_object(address, path.empty() ? std::string(name) : fmt::format("{}/{}", path, name),
                depth + 1);
  }

  void read_group(const std::vector<Message>& messages, const std::string& path, int depth) {
    if (const Message* table = find(messages, MessageKind::symbol_table)) {
      Cursor cursor(table->data);
      const auto tree = cursor.number<std::uint64_t>();
      const std::string_view names = names_at(cursor.number<std::uint64_t>());
      read_tree(tree, names, path, depth, 0);
      return;
    }
    if (const Message* info = find(messages, MessageKind::link_info)) {
      constexpr std::uint8_t links_by_name = 5;
      for (const std::string_view link : dense_objects(*info, 8, links_by_name, 4))
        read_link(link, path, depth);
    }
    for (const Message& message : messages) {
      if (message.kind == MessageKind::link) read_link(message.data, path, depth);
    }
  }

  // IV.A.2.c, IV.A.2.o: where a group's many links, or an object's many attributes, are in the
  // newer form: a heap that holds them, and a tree of records with their identifiers there.
  std::vector<std::string_view> dense_objects(const Message& info, std::size_t numbering_bytes,
                                              std::uint8_t tree_type, std::size_t before_id) {
    Cursor cursor(info.data);
    cursor.skip(1);
    const auto flags = cursor.number<std::uint8_t>();
    if ((flags & 0x01U) != 0) cursor.skip(numbering_bytes);
    const auto heap_address = cursor.number<std::uint64_t>();
    const auto tree_address = cursor.number<std::uint64_t>();
    if (heap_address == undefined_address) return {};
    const hdf5::FractalHeap heap(file_, heap_address);
    std::vector<std::string_view> objects;
    for (const std::string_view record : hdf5::records_of_tree(file_, tree_address, tree_type)) {
      if (record.size() < before_id) damaged("a list is of an impossible size");
      objects.push_back(heap.object(record.substr(before_id)));
    }
    return objects;
  }

  // III.D: the names of a group.
  std::string_view names_at(std::uint64_t address) const {
    Cursor cursor = at(address);
    cursor.expect("HEAP");
    cursor.skip(4);
    const auto size = cursor.number<std::uint64_t>();
    cursor.skip(8);
    return at(cursor.number<std::uint64_t>()).take(size);
  }

  // III.A.1.
  void read_tree(std::uint64_t address, std::string_view names, const std::string& path, int depth,
                 int steps) {
    constexpr int most_steps = 16;
    if (steps > most_steps) damaged("the list of a group nests too deep");
    visit(address);
    Cursor cursor = at(address);
    if (cursor.rest().starts_with("SNOD")) {
      read_leaf(cursor, names, path, depth);
      return;
    }
    cursor.expect("TREE");
    if (cursor.number<std::uint8_t>() != 0) damaged("a group has the list of a data set");
    cursor.skip(1);
    const auto count = cursor.number<std::uint16_t>();
    cursor.skip(8 + 8);
    for (int i = 0; i < count; ++i) {
      cursor.skip(8);
      read_tree(cursor.number<std::uint64_t>(), names, path, depth, steps + 1);
    }
  }

  // III.B.
  void read_leaf(Cursor cursor, std::string_view names, const std::string& path, int depth) {
    cursor.skip(4 + 1 + 1);
    const auto count = cursor.number<std::uint16_t>();
    for (int i = 0; i < count; ++i) {
      const auto offset = cursor.number<std::uint64_t>();
      const auto address = cursor.number<std::uint64_t>();
      const auto kind = cursor.number<std::uint32_t>();
      cursor.skip(4 + 16);
      if (kind > 1) not_understood("a link to another place");
      if (offset > names.size()) damaged("a name lies outside of its group");
      const std::string_view rest = names.substr(offset);
      const std::size_t end = rest.find('\0');
      if (end == std::string_view::npos) damaged("a name has no end");
      read_child(rest.substr(0, end), address, path, depth);
    }
  }

  // IV.A.2.g.
  void read_link(std::string_view data, const std::string& path, int depth) {
    Cursor cursor(data);
    if (cursor.number<std::uint8_t>() != 1) not_understood("a link of an unknown version");
    const auto flags = cursor.number<std::uint8_t>();
    if ((flags & 0x08U) != 0 && cursor.number<std::uint8_t>() != 0)
      not_understood("a link to another place");
    if ((flags & 0x04U) != 0) cursor.skip(8);
    if ((flags & 0x10U) != 0) cursor.skip(1);
    const std::uint64_t length = cursor.number_of(std::size_t{1} << (flags & 0x03U));
    const std::string_view name = cursor.take(length);
    read_child(name, cursor.number<std::uint64_t>(), path, depth);
  }

  // ---- data sets

  void read_dataset(const std::vector<Message>& messages, const std::string& path) {
    const Message* space = find(messages, MessageKind::dataspace);
    const Message* type_message = find(messages, MessageKind::datatype);
    if (space == nullptr || type_message == nullptr) damaged("a data set has no shape or no type");
    if (find(messages, MessageKind::external_files) != nullptr)
      not_understood("data that lie in another file");
    const std::optional<StoredNumber> type = number_type_of(type_message->data);
    if (!type) not_understood(fmt::format("\"{}\", which is no array of numbers", path));
    const Shape shape = shape_of(space->data);
    const auto elements = static_cast<std::uint64_t>(shape.elements());
    constexpr std::uint64_t most = std::uint64_t{1} << 48U;
    if (elements > most) {
      throw Error(fmt::format("\"{}\" claims to have shape {}", path, shape.to_string()),
                  "the file is damaged, or made to harm");
    }
    const Message* packing = find(messages, MessageKind::filters);
    const Filters filters = packing == nullptr ? Filters() : filters_of(packing->data);
    const Data data = data_of(find(messages, MessageKind::layout)->data, shape, type->size, filters,
                              elements * type->size, path);
    // Whole numbers of 64 bits are counts, and are written as such again.
    const bool is_count = type->kind == NumberClass::whole && type->size == sizeof(std::int64_t);
    const DType dtype = is_count ? DType::float64 : dtype_for(*type, data.bytes());
    content_.tensors.push_back(
        {path, numbers_as(dtype, *type, shape, data.bytes(), fmt::format("\"{}\"", path)),
         is_count});
  }

  // Either borrowed from the file or put together.
  struct Data {
    std::string_view borrowed;
    std::string owned;
    std::string_view bytes() const { return owned.empty() ? borrowed : std::string_view(owned); }
  };

  // All data together may take no more than the file has, twenty times as much if it is deflated.
  void account(std::uint64_t bytes, std::uint64_t factor, const std::string& path) {
    const std::uint64_t cost = (bytes + factor - 1) / factor;
    if (cost > packed_left_) {
      throw Error(fmt::format("\"{}\" claims {} bytes, more than the file can hold", path, bytes),
                  "the file is damaged, or made to harm");
    }
    packed_left_ -= cost;
  }

  // IV.A.2.i.
  Data data_of(std::string_view layout, const Shape& shape, std::size_t size,
               const Filters& filters, std::uint64_t bytes, const std::string& path) {
    Cursor cursor(layout);
    const auto version = cursor.number<std::uint8_t>();
    if (version != 3 && version != 4) not_understood("data laid out in an unknown version");
    const auto kind = static_cast<LayoutClass>(cursor.number<std::uint8_t>());
    if (kind == LayoutClass::compact) {
      const auto length = cursor.number<std::uint16_t>();
      if (length != bytes) wrong_size(path, bytes, length);
      return {cursor.take(bytes), {}};
    }
    if (kind == LayoutClass::contiguous) {
      const auto address = cursor.number<std::uint64_t>();
      const auto length = cursor.number<std::uint64_t>();
      if (bytes == 0) return {};
      if (address == undefined_address) not_understood("data that were never written");
      if (length != bytes) wrong_size(path, bytes, length);
      account(bytes, 1, path);
      return {at(address).take(bytes), {}};
    }
    if (kind != LayoutClass::chunked)
      not_understood("data laid out in another way than in one piece");
    constexpr std::uint64_t most_expansion = 20;
    const bool deflated =
        std::find(filters.begin(), filters.end(), Filter::deflate) != filters.end();
    account(bytes, deflated ? most_expansion : 1, path);
    Chunks chunks{shape, {}, size, filters, size, {}};
    if (version == 3) {
      read_chunks(cursor, chunks, bytes);
    } else {
      read_indexed_chunks(cursor, chunks, bytes);
    }
    return {{}, std::move(chunks.array)};
  }

  [[noreturn]] static void wrong_size(const std::string& path, std::uint64_t expected,
                                      std::uint64_t got) {
    throw Error(
        fmt::format("\"{}\" needs {} bytes by its shape, but {} are there", path, expected, got),
        "use another copy");
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

  void read_chunks(Cursor cursor, Chunks& chunks, std::uint64_t bytes) {
    if (cursor.number<std::uint8_t>() != chunks.shape.rank() + 1)
      damaged("pieces of another shape");
    const auto tree = cursor.number<std::uint64_t>();
    for (int axis = 0; axis < chunks.shape.rank(); ++axis)
      add_chunk_axis(cursor.number<std::uint32_t>(), chunks);
    if (!make_room(chunks, bytes)) return;
    if (tree == undefined_address) not_understood("data that were never written");
    read_chunk_tree(tree, chunks, 0);
    check_covered(chunks);
  }

  // The same in a layout message of version 4.
  void read_indexed_chunks(Cursor cursor, Chunks& chunks, std::uint64_t bytes) {
    const auto flags = cursor.number<std::uint8_t>();
    constexpr std::uint8_t edges_are_plain = 0x01;
    if ((flags & edges_are_plain) != 0 && !chunks.filters.empty())
      not_understood("pieces that are packed in different ways");
    if (cursor.number<std::uint8_t>() != chunks.shape.rank() + 1)
      damaged("pieces of another shape");
    const std::size_t number_bytes = cursor.number<std::uint8_t>();
    if (number_bytes == 0 || number_bytes > sizeof(std::uint64_t))
      damaged("pieces of an impossible shape");
    for (int axis = 0; axis < chunks.shape.rank(); ++axis)
      add_chunk_axis(cursor.number_of(number_bytes), chunks);
    cursor.skip(number_bytes);
    if (!make_room(chunks, bytes)) return;
    const hdf5::ChunkGrid grid{chunks.shape, chunks.chunk, chunks.chunk_bytes,
                               !chunks.filters.empty()};
    const std::vector<hdf5::Chunk> index = hdf5::chunks_of_index(file_, cursor, flags, grid);
    if (index.empty()) not_understood("data that were never written");
    for (const hdf5::Chunk& chunk : index) {
      visit(chunk.address);
      place_chunk(unpacked(at(chunk.address).take(chunk.bytes), chunk.skipped_filters, chunks),
                  chunk.place, chunks);
    }
    check_covered(chunks);
  }

  static void add_chunk_axis(std::uint64_t extent, Chunks& chunks) {
    constexpr std::uint64_t most = std::uint64_t{1} << 32U;
    if (extent == 0 || extent > most ||
        __builtin_mul_overflow(chunks.chunk_bytes, extent, &chunks.chunk_bytes)) {
      damaged("pieces of an impossible shape");
    }
    chunks.chunk.append(static_cast<std::int64_t>(extent));
  }

  // False if there is nothing to read.
  static bool make_room(Chunks& chunks, std::uint64_t bytes) {
    if (bytes == 0) return false;
    // A piece may stick out of the array, but not be out of all proportion.
    constexpr std::uint64_t most_piece = std::uint64_t{1} << 26U;
    if (chunks.chunk_bytes > std::max(bytes, most_piece)) damaged("pieces of an impossible shape");
    chunks.array.resize(bytes);
    return true;
  }

  static void check_covered(const Chunks& chunks) {
    if (chunks.covered != static_cast<std::uint64_t>(chunks.shape.elements()))
      not_understood("data of which parts were never written");
  }

  // III.A.1: keys are the packed size, a mask of skipped filters, and the place of the piece.
  void read_chunk_tree(std::uint64_t address, Chunks& chunks, int steps) {
    constexpr int most_steps = 16;
    if (steps > most_steps) damaged("the list of a data set nests too deep");
    visit(address);
    Cursor cursor = at(address);
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
        read_chunk_tree(child, chunks, steps + 1);
        continue;
      }
      visit(child);
      place_chunk(unpacked(at(child).take(packed_bytes), skipped_filters, chunks), place, chunks);
    }
  }

  // What was done to a piece is undone in the reverse order. Filters that a writer left out of a
  // piece, because they did not help, are bits of `skipped`.
  static std::string unpacked(std::string_view packed, std::uint32_t skipped,
                              const Chunks& chunks) {
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

  // The checksum of a data set's piece, which is its last four bytes.
  static void check_sum(std::string_view bytes) {
    constexpr std::size_t checksum_bytes = 4;
    if (bytes.size() < checksum_bytes) damaged("a piece is too short");
    const auto sum = number_at<std::uint32_t>(bytes, bytes.size() - checksum_bytes);
    const std::uint32_t own = hdf5::fletcher32(bytes.substr(0, bytes.size() - checksum_bytes));
    if (sum != own && sum != hdf5::early_fletcher32(own))
      damaged("the checksum of a data set does not agree with its numbers");
  }

  // Copies row by row what of the piece lies within the array.
  static void place_chunk(const std::string& piece, const Shape& place, Chunks& chunks) {
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

  // ---- attributes

  void read_attributes(const std::vector<Message>& messages, const std::string& path) {
    if (const Message* info = find(messages, MessageKind::attribute_info)) {
      constexpr std::uint8_t attributes_by_name = 8;
      for (const std::string_view attribute : dense_objects(*info, 2, attributes_by_name, 0))
        read_attribute(attribute, path);
    }
    for (const Message& message : messages) {
      if (message.kind == MessageKind::attribute && !message.shared)
        read_attribute(message.data, path);
    }
  }

  // IV.A.2.m.
  void read_attribute(std::string_view data, const std::string& path) {
    Cursor cursor(data);
    const auto version = cursor.number<std::uint8_t>();
    if (version < 1 || version > 3) not_understood("an attribute of an unknown version");
    if (cursor.number<std::uint8_t>() != 0 && version > 1) return;  // a shared type
    const auto name_bytes = cursor.number<std::uint16_t>();
    const auto type_bytes = cursor.number<std::uint16_t>();
    const auto space_bytes = cursor.number<std::uint16_t>();
    if (version == 3) cursor.skip(1);
    const auto part = [&](std::size_t bytes) {
      const std::string_view taken = cursor.take(version == 1 ? padded(bytes) : bytes);
      return taken.substr(0, bytes);
    };
    std::string_view name = part(name_bytes);
    name = name.substr(0, name.find('\0'));
    const std::string_view type = part(type_bytes);
    const Shape shape = shape_of(part(space_bytes));
    if (shape.rank() > 1) return;
    Cursor type_cursor(type);
    const auto type_class = static_cast<TypeClass>(type_cursor.number<std::uint8_t>() & 0x0FU);
    const auto bits = type_cursor.number<std::uint8_t>();
    type_cursor.skip(2);
    const auto size = type_cursor.number<std::uint32_t>();
    const bool is_variable = type_class == TypeClass::variable && (bits & 0x0FU) == 1;
    if (type_class != TypeClass::text && !is_variable) return;
    constexpr std::size_t variable_bytes = 16;
    if (size == 0 || (is_variable && size != variable_bytes)) damaged("an attribute has no text");
    const auto count = static_cast<std::uint64_t>(shape.elements());
    if (count > cursor.left() / size) damaged("an attribute ends too early");
    account(count * variable_bytes, 1, "a list of texts");
    std::vector<std::string> texts;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string_view item = cursor.take(size);
      const std::string_view text = is_variable ? variable_text(item) : item;
      texts.emplace_back(text.substr(0, text.find('\0')));
    }
    content_.attributes[fmt::format("{}@{}", path, name)] = std::move(texts);
  }

  // A text of any length lies in a heap (III.E): its length, the heap, its number there.
  std::string_view variable_text(std::string_view reference) {
    Cursor cursor(reference);
    const auto length = cursor.number<std::uint32_t>();
    const auto heap = cursor.number<std::uint64_t>();
    const auto wanted = cursor.number<std::uint32_t>();
    if (length == 0) return {};
    const std::map<std::uint32_t, std::string_view>& objects = heap_at(heap);
    const auto found = objects.find(wanted);
    if (found == objects.end() || found->second.size() < length)
      damaged("a text is not where it should be");
    account(length, 1, "a text");
    return found->second.substr(0, length);
  }

  const std::map<std::uint32_t, std::string_view>& heap_at(std::uint64_t address) {
    const auto known = heaps_.find(address);
    if (known != heaps_.end()) return known->second;
    visit(address);
    Cursor cursor = at(address);
    cursor.expect("GCOL");
    cursor.skip(4);
    const auto size = cursor.number<std::uint64_t>();
    constexpr std::size_t heap_header = 16;
    constexpr std::size_t object_header = 16;
    if (size < heap_header) damaged("a heap of texts has no size");
    Cursor objects(cursor.take(size - heap_header));
    std::map<std::uint32_t, std::string_view>& heap = heaps_[address];
    while (objects.left() >= object_header) {
      const auto index = objects.number<std::uint16_t>();
      objects.skip(2 + 4);
      const auto bytes = objects.number<std::uint64_t>();
      if (index == 0) break;  // free space
      if (bytes > objects.left()) damaged("a text ends behind its heap");
      const std::string_view object = objects.take(std::min(padded(bytes), objects.left()));
      heap.emplace(index, object.substr(0, bytes));
    }
    return heap;
  }

  hdf5::File file_;
  std::uint64_t packed_left_;
  std::map<std::uint64_t, std::map<std::uint32_t, std::string_view>> heaps_;
  Hdf5Content content_;
};

}  // namespace

Hdf5Content read_hdf5(std::string_view bytes) { return Reader(bytes).read(); }

}  // namespace chronicler
