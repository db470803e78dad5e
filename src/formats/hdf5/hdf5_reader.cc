#include "formats/hdf5/hdf5_reader.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "formats/hdf5/hdf5_attributes.h"
#include "formats/hdf5/hdf5_chunks.h"
#include "formats/hdf5/hdf5_cursor.h"
#include "formats/hdf5/hdf5_index.h"
#include "formats/hdf5/hdf5_layout.h"
#include "formats/hdf5/hdf5_messages.h"
#include "formats/stored_numbers.h"

namespace chronicler {
namespace {

using hdf5::Cursor;
using hdf5::damaged;
using hdf5::LayoutClass;
using hdf5::MessageKind;
using hdf5::not_understood;
using hdf5::undefined_address;

class Reader {
 public:
  explicit Reader(std::string_view file) : file_(file), attributes_(file_) {}

  Hdf5Content read() {
    read_object(hdf5::root_address(file_), "", 0);
    return {std::move(tensors_), std::move(attributes_.attributes())};
  }

 private:
  void read_object(std::uint64_t address, const std::string& path, int depth) {
    constexpr int deepest = 32;
    if (depth > deepest) damaged("its groups nest too deep");
    const std::vector<hdf5::Message> messages = hdf5::messages_at(file_, address);
    try {
      attributes_.read(messages, path);
      if (hdf5::find_message(messages, MessageKind::layout) != nullptr) {
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

  void read_group(const std::vector<hdf5::Message>& messages, const std::string& path, int depth) {
    if (const hdf5::Message* table = hdf5::find_message(messages, MessageKind::symbol_table)) {
      Cursor cursor(table->data);
      const auto tree = cursor.number<std::uint64_t>();
      const std::string_view names = names_at(cursor.number<std::uint64_t>());
      read_tree(tree, names, path, depth, 0);
      return;
    }
    if (const hdf5::Message* info = hdf5::find_message(messages, MessageKind::link_info)) {
      constexpr std::uint8_t links_by_name = 5;
      for (const std::string_view link :
           hdf5::dense_objects(file_, info->data, 8, links_by_name, 4))
        read_link(link, path, depth);
    }
    for (const hdf5::Message& message : messages) {
      if (message.kind == MessageKind::link) read_link(message.data, path, depth);
    }
  }

  // III.D: the names of a group.
  std::string_view names_at(std::uint64_t address) const {
    Cursor cursor = file_.at(address);
    cursor.expect("HEAP");
    cursor.skip(4);
    const auto size = cursor.number<std::uint64_t>();
    cursor.skip(8);
    return file_.at(cursor.number<std::uint64_t>()).take(size);
  }

  // III.A.1.
  void read_tree(std::uint64_t address, std::string_view names, const std::string& path, int depth,
                 int steps) {
    constexpr int most_steps = 16;
    if (steps > most_steps) damaged("the list of a group nests too deep");
    file_.visit(address);
    Cursor cursor = file_.at(address);
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

  void read_dataset(const std::vector<hdf5::Message>& messages, const std::string& path) {
    const hdf5::Message* space = hdf5::find_message(messages, MessageKind::dataspace);
    const hdf5::Message* type_message = hdf5::find_message(messages, MessageKind::datatype);
    if (space == nullptr || type_message == nullptr) damaged("a data set has no shape or no type");
    if (hdf5::find_message(messages, MessageKind::external_files) != nullptr)
      not_understood("data that lie in another file");
    const std::optional<StoredNumber> type = hdf5::number_type_of(type_message->data);
    if (!type) not_understood(fmt::format("\"{}\", which is no array of numbers", path));
    const Shape shape = hdf5::shape_of(space->data);
    const auto elements = static_cast<std::uint64_t>(shape.elements());
    constexpr std::uint64_t most = std::uint64_t{1} << 48U;
    if (elements > most) {
      throw Error(fmt::format("\"{}\" claims to have shape {}", path, shape.to_string()),
                  "the file is damaged, or made to harm");
    }
    const hdf5::Message* packing = hdf5::find_message(messages, MessageKind::filters);
    const hdf5::Filters filters =
        packing == nullptr ? hdf5::Filters() : hdf5::filters_of(packing->data);
    const Data data = data_of(hdf5::find_message(messages, MessageKind::layout)->data, shape,
                              type->size, filters, elements * type->size, path);
    // Whole numbers of 64 bits are counts, and are written as such again.
    const bool is_count = type->kind == NumberClass::whole && type->size == sizeof(std::int64_t);
    const DType dtype = is_count ? DType::float64 : dtype_for(*type, data.bytes());
    tensors_.push_back({path,
                        numbers_as(dtype, *type, shape, data.bytes(), fmt::format("\"{}\"", path)),
                        is_count});
  }

  // Either borrowed from the file or put together.
  struct Data {
    std::string_view borrowed;
    std::string owned;
    std::string_view bytes() const { return owned.empty() ? borrowed : std::string_view(owned); }
  };

  // IV.A.2.i.
  Data data_of(std::string_view layout, const Shape& shape, std::size_t size,
               const hdf5::Filters& filters, std::uint64_t bytes, const std::string& path) {
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
      file_.account(bytes, 1, path);
      return {file_.at(address).take(bytes), {}};
    }
    if (kind != LayoutClass::chunked)
      not_understood("data laid out in another way than in one piece");
    constexpr std::uint64_t most_expansion = 20;
    const bool deflated =
        std::find(filters.begin(), filters.end(), hdf5::Filter::deflate) != filters.end();
    file_.account(bytes, deflated ? most_expansion : 1, path);
    return {{}, hdf5::read_chunks(file_, cursor, version, shape, size, filters, bytes)};
  }

  [[noreturn]] static void wrong_size(const std::string& path, std::uint64_t expected,
                                      std::uint64_t got) {
    throw Error(
        fmt::format("\"{}\" needs {} bytes by its shape, but {} are there", path, expected, got),
        "use another copy");
  }

  hdf5::File file_;
  hdf5::AttributeReader attributes_;
  NamedTensors tensors_;
};

}  // namespace

Hdf5Content read_hdf5(std::string_view bytes) { return Reader(bytes).read(); }

}  // namespace chronicler
