#include "formats/hdf5/hdf5_messages.h"

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler::hdf5 {
namespace {

template <class Continue>
void add_message(File& file, std::uint16_t kind, std::uint8_t flags, std::string_view data,
                 std::vector<Message>& messages, const Continue& go_on) {
  constexpr std::size_t most_messages = 4096;
  if (messages.size() == most_messages) damaged("an object has too many properties");
  const auto known = static_cast<MessageKind>(kind);
  if (known == MessageKind::continuation) {
    Cursor cursor(data);
    const auto address = cursor.number<std::uint64_t>();
    const auto bytes = cursor.number<std::uint64_t>();
    file.visit(address);
    go_on(file.at(address), bytes);
  } else if (known != MessageKind::nil) {
    messages.push_back({known, (flags & 0x02U) != 0, data});
  }
}

// IV.A.1.a.
std::vector<Message> messages_of_version_1(File& file, Cursor cursor) {
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
      add_message(file, kind, flags, part.take(length), messages,
                  [&](Cursor more, std::uint64_t bytes) { blocks.push_back(more.take(bytes)); });
    }
  }
  return messages;
}

// IV.A.1.b.
std::vector<Message> messages_of_version_2(File& file, Cursor cursor) {
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
  file.checked(whole, before_checksum, "an object's header");
  for (std::size_t block = 0; block < blocks.size(); ++block) {
    const std::size_t message_header = has_order ? 6 : 4;
    for (Cursor part(blocks[block]); part.left() >= message_header;) {
      const std::uint16_t kind = part.number<std::uint8_t>();
      const auto length = part.number<std::uint16_t>();
      const auto message_flags = part.number<std::uint8_t>();
      if (has_order) part.skip(2);
      add_message(file, kind, message_flags, part.take(length), messages,
                  [&](Cursor more, std::uint64_t bytes) {
                    if (bytes < 4 + checksum) damaged("a header goes on in too small a block");
                    Cursor next(file.checked(more.rest(), bytes - checksum, "an object's header"));
                    next.expect("OCHK");
                    blocks.push_back(next.rest());
                  });
    }
  }
  return messages;
}

}  // namespace

std::uint64_t root_address(File& file) {
  Cursor cursor(file.bytes());
  if (!file.bytes().starts_with(signature)) throw Error("it is not an HDF5 file");
  cursor.skip(signature.size());
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
  if (cursor.number<std::uint64_t>() > file.bytes().size()) damaged("it ends too early");
  if (version < 2) cursor.skip(8 + 8);  // driver; the root's name
  const auto root = cursor.number<std::uint64_t>();
  constexpr std::size_t before_checksum = 44;
  if (version >= 2) file.checked(file.bytes(), before_checksum, "its first block");
  return root;
}

std::vector<Message> messages_at(File& file, std::uint64_t address) {
  file.visit(address);
  Cursor cursor = file.at(address);
  return cursor.rest().starts_with("OHDR") ? messages_of_version_2(file, cursor)
                                           : messages_of_version_1(file, cursor);
}

const Message* find_message(const std::vector<Message>& messages, MessageKind kind) {
  for (const Message& message : messages) {
    if (message.kind != kind) continue;
    if (message.shared) not_understood("properties that several objects share");
    return &message;
  }
  return nullptr;
}

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
                                  : size == 4 ? float32_type.substr(12, 4)
                                              : float64_type.substr(12, 4);
  return cursor.rest().starts_with(fields) ? std::optional(type) : std::nullopt;
}

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

}  // namespace chronicler::hdf5
