#include "formats/hdf5/hdf5_attributes.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "formats/hdf5/hdf5_index.h"
#include "formats/hdf5/hdf5_layout.h"

namespace chronicler::hdf5 {

void AttributeReader::read(const std::vector<Message>& messages, const std::string& path) {
  if (const Message* info = find_message(messages, MessageKind::attribute_info)) {
    constexpr std::uint8_t attributes_by_name = 8;
    for (const std::string_view attribute :
         dense_objects(file_, info->data, 2, attributes_by_name, 0))
      read_one(attribute, path);
  }
  for (const Message& message : messages) {
    if (message.kind == MessageKind::attribute && !message.shared) read_one(message.data, path);
  }
}

// IV.A.2.m.
void AttributeReader::read_one(std::string_view data, const std::string& path) {
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
  file_.account(count * variable_bytes, 1, "a list of texts");
  std::vector<std::string> texts;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string_view item = cursor.take(size);
    const std::string_view text = is_variable ? variable_text(item) : item;
    texts.emplace_back(text.substr(0, text.find('\0')));
  }
  attributes_[fmt::format("{}@{}", path, name)] = std::move(texts);
}

// A text of any length lies in a heap (III.E): its length, the heap, its number there.
std::string_view AttributeReader::variable_text(std::string_view reference) {
  Cursor cursor(reference);
  const auto length = cursor.number<std::uint32_t>();
  const auto heap = cursor.number<std::uint64_t>();
  const auto wanted = cursor.number<std::uint32_t>();
  if (length == 0) return {};
  const std::map<std::uint32_t, std::string_view>& objects = heap_at(heap);
  const auto found = objects.find(wanted);
  if (found == objects.end() || found->second.size() < length)
    damaged("a text is not where it should be");
  file_.account(length, 1, "a text");
  return found->second.substr(0, length);
}

const AttributeReader::Heap& AttributeReader::heap_at(std::uint64_t address) {
  const auto known = heaps_.find(address);
  if (known != heaps_.end()) return known->second;
  file_.visit(address);
  Cursor cursor = file_.at(address);
  cursor.expect("GCOL");
  cursor.skip(4);
  const auto size = cursor.number<std::uint64_t>();
  constexpr std::size_t heap_header = 16;
  constexpr std::size_t object_header = 16;
  if (size < heap_header) damaged("a heap of texts has no size");
  Cursor objects(cursor.take(size - heap_header));
  Heap& heap = heaps_[address];
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

}  // namespace chronicler::hdf5
