#include "formats/hdf5_reader.h"

#include <algorithm>
#include <cstring>
#include <set>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "formats/bytes.h"
#include "formats/hdf5_layout.h"
#include "formats/inflate.h"

namespace chronicler {
namespace {

using hdf5::LayoutClass;
using hdf5::MessageKind;
using hdf5::TypeClass;
using hdf5::undefined_address;

[[noreturn]] void damaged(std::string_view what) {
  throw Error(fmt::format("its HDF5 data are damaged: {}", what), "use another copy");
}
[[noreturn]] void not_understood(std::string_view what) {
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

struct Message {
  MessageKind kind;
  bool shared;
  std::string_view data;
};

// ---- types, shapes, attributes: what a message's bytes say

struct NumberType {
  std::string_view bytes;
  DType dtype;
  bool whole;
  std::size_t size;
};
constexpr NumberType number_types[]{{hdf5::float32_type, DType::float32, false, 4},
                                    {hdf5::float64_type, DType::float64, false, 8},
                                    {hdf5::int32_type, DType::int32, false, 4},
                                    {hdf5::int64_type, DType::float64, true, 8}};

// The type's version, in the upper half of its first byte, may be 1, 2 or 3: they do not differ for
// numbers.
bool is_type(std::string_view message, std::string_view type) {
  if (message.size() < type.size()) return false;
  const auto version = static_cast<std::uint8_t>(message[0]) >> 4U;
  return version >= 1 && version <= 3 && (message[0] & 0x0F) == (type[0] & 0x0F) &&
         message.substr(1, type.size() - 1) == type.substr(1);
}

const NumberType* number_type_of(std::string_view message) {
  for (const NumberType& type : number_types) {
    if (is_type(message, type.bytes)) return &type;
  }
  return nullptr;
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

// How the pieces of a data set were packed (IV.A.2.l).
struct Filters {
  bool deflated = false;
  bool shuffled = false;
  bool checksum = false;  // four bytes at the end
};

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
    bool* const known[]{&filters.deflated, &filters.shuffled, &filters.checksum};
    // They are undone in the reverse order: a shuffle comes first, a checksum last.
    const bool in_order = !filters.checksum && !(kind == 2 && filters.deflated);
    if (kind < 1 || kind > 3 || *known[kind - 1] || !in_order)
      not_understood(fmt::format("data packed by filter {}", kind));
    *known[kind - 1] = true;
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
  Cursor at(std::uint64_t address) const {
    if (address > file_.size()) damaged("an address lies behind its end");
    return Cursor(file_.substr(address));
  }

  // Every block is part of one thing only; what is met twice is a circle, or a trick.
  void visit(std::uint64_t address) {
    if (!visited_.insert(address).second) damaged("two paths lead to one place");
  }

  // II.A: the address of the root group's header.
  std::uint64_t root_address() const {
    Cursor cursor(file_);
    if (!file_.starts_with(hdf5::signature)) throw Error("it is not an HDF5 file");
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
    if (cursor.number<std::uint64_t>() > file_.size()) damaged("it ends too early");
    if (version < 2) cursor.skip(8 + 8);  // driver; the root's name
    return cursor.number<std::uint64_t>();
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
    cursor.skip(4);
    if (cursor.number<std::uint8_t>() != 2) damaged("an object's header has an unknown version");
    const auto flags = cursor.number<std::uint8_t>();
    if ((flags & 0x20U) != 0) cursor.skip(16);  // times
    if ((flags & 0x10U) != 0) cursor.skip(4);   // limits of attributes
    const bool has_order = (flags & 0x04U) != 0;
    const std::uint64_t size = cursor.number_of(std::size_t{1} << (flags & 0x03U));
    std::vector<Message> messages;
    std::vector<std::string_view> blocks{cursor.take(size)};
    for (std::size_t block = 0; block < blocks.size(); ++block) {
      const std::size_t message_header = has_order ? 6 : 4;
      for (Cursor part(blocks[block]); part.left() >= message_header;) {
        const std::uint16_t kind = part.number<std::uint8_t>();
        const auto length = part.number<std::uint16_t>();
        const auto message_flags = part.number<std::uint8_t>();
        if (has_order) part.skip(2);
        add_message(kind, message_flags, part.take(length), messages,
                    [&](Cursor more, std::uint64_t bytes) {
                      if (bytes < 4 + checksum) damaged("a header goes on in too small a block");
                      more.expect("OCHK");
                      blocks.push_back(more.take(bytes - 4 - checksum));
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
      Cursor cursor(info->data);
      cursor.skip(1);
      const auto flags = cursor.number<std::uint8_t>();
      if ((flags & 0x01U) != 0) cursor.skip(8);
      if (cursor.number<std::uint64_t>() != undefined_address)
        not_understood("a group of many objects in the newer form");
    }
    for (const Message& message : messages) {
      if (message.kind == MessageKind::link) read_link(message.data, path, depth);
    }
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
    const NumberType* type = number_type_of(type_message->data);
    if (type == nullptr) {
      not_understood(fmt::format(
          "\"{}\", whose numbers are not float32, float64, int32 or int64 of a PC", path));
    }
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
    content_.tensors.push_back({path, tensor_of(*type, shape, data, path), type->whole});
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
    if (kind != LayoutClass::chunked || version != 3)
      not_understood("data laid out in another way than in one piece");
    constexpr std::uint64_t most_expansion = 20;
    account(bytes, filters.deflated ? most_expansion : 1, path);
    return {{}, read_chunks(cursor, shape, size, filters, bytes)};
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

  std::string read_chunks(Cursor cursor, const Shape& shape, std::size_t size,
                          const Filters& filters, std::uint64_t bytes) {
    if (cursor.number<std::uint8_t>() != shape.rank() + 1) damaged("pieces of another shape");
    const auto tree = cursor.number<std::uint64_t>();
    Chunks chunks{shape, {}, size, filters, size, {}};
    for (int axis = 0; axis < shape.rank(); ++axis) {
      const auto extent = cursor.number<std::uint32_t>();
      if (extent == 0 || __builtin_mul_overflow(chunks.chunk_bytes, extent, &chunks.chunk_bytes)) {
        damaged("pieces of an impossible shape");
      }
      chunks.chunk.append(extent);
    }
    if (bytes == 0) return {};
    if (tree == undefined_address) not_understood("data that were never written");
    // A piece may stick out of the array, but not be out of all proportion.
    constexpr std::uint64_t most_piece = std::uint64_t{1} << 26U;
    if (chunks.chunk_bytes > std::max(bytes, most_piece)) damaged("pieces of an impossible shape");
    chunks.array.resize(bytes);
    read_chunk_tree(tree, chunks, 0);
    if (chunks.covered != static_cast<std::uint64_t>(shape.elements()))
      not_understood("data of which parts were never written");
    return std::move(chunks.array);
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
      if (skipped_filters != 0) not_understood("pieces that are packed in different ways");
      visit(child);
      place_chunk(unpacked(at(child).take(packed_bytes), chunks), place, chunks);
    }
  }

  static std::string unpacked(std::string_view bytes, const Chunks& chunks) {
    constexpr std::size_t checksum_bytes = 4;
    if (chunks.filters.checksum) {
      if (bytes.size() < checksum_bytes) damaged("a piece is too short");
      bytes.remove_suffix(checksum_bytes);
    }
    std::string result =
        chunks.filters.deflated ? inflate(bytes, chunks.chunk_bytes) : std::string(bytes);
    if (result.size() != chunks.chunk_bytes) damaged("a piece has another size than its shape");
    return chunks.filters.shuffled ? unshuffled(result, chunks.size) : result;
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

  static Tensor tensor_of(const NumberType& type, const Shape& shape, const Data& data,
                          const std::string& path) {
    Tensor tensor(shape, type.dtype);
    const std::string_view bytes = data.bytes();
    if (type.whole) {
      constexpr std::int64_t largest = std::int64_t{1} << 53U;  // what a double holds exactly
      std::size_t offset = 0;
      for (double& value : tensor.span<double>()) {
        const auto number = number_at<std::int64_t>(bytes, offset);
        offset += sizeof(number);
        if (number > largest || number < -largest)
          throw Error(fmt::format("\"{}\" holds {}, which is too large", path, number));
        value = static_cast<double>(number);
      }
    } else if (!bytes.empty()) {
      std::memcpy(tensor.view().raw(), bytes.data(), bytes.size());
    }
    return tensor;
  }

  // ---- attributes

  void read_attributes(const std::vector<Message>& messages, const std::string& path) {
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

  std::string_view file_;
  std::uint64_t packed_left_;
  std::set<std::uint64_t> visited_;
  std::map<std::uint64_t, std::map<std::uint32_t, std::string_view>> heaps_;
  Hdf5Content content_;
};

}  // namespace

Hdf5Content read_hdf5(std::string_view bytes) { return Reader(bytes).read(); }

}  // namespace chronicler
