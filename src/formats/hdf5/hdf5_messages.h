// The objects of an HDF5 file: their headers, and what the messages in them say.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "chronicler/base/shape.h"
#include "formats/hdf5/hdf5_cursor.h"
#include "formats/hdf5/hdf5_layout.h"
#include "formats/stored_numbers.h"

namespace chronicler::hdf5 {

struct Message {
  MessageKind kind;
  bool shared;
  std::string_view data;
};

// II.A: the address of the root group's header.
std::uint64_t root_address(File& file);

std::vector<Message> messages_at(File& file, std::uint64_t address);
// The first of this kind; null if there is none.
const Message* find_message(const std::vector<Message>& messages, MessageKind kind);

// IV.A.2.d: the whole numbers and IEEE's reals of every size and byte order, and bfloat16, for
// which HDF5 has no type: Keras stores two bytes without one. Empty for anything else. The type's
// version, in the upper half of its first byte, makes no difference for numbers.
std::optional<StoredNumber> number_type_of(std::string_view message);

// IV.A.2.b.
Shape shape_of(std::string_view message);

}  // namespace chronicler::hdf5
