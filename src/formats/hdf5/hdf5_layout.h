// The part of the HDF5 file format that weights need: numbers that reader and writer share.
//
// Chronicler reads and writes HDF5 by itself. libhdf5 1.10.8, given 1,500 files of Keras with
// random damage, crashed on one and hung on four; a reader of a few hundred lines that checks every
// offset does neither. What it covers: superblocks 0 to 3; groups as symbol tables or as links in
// their object header; contiguous, compact and chunked data, deflated or not; numbers of every kind
// (stored_numbers.h); text attributes; the checksums of all of these. Anything else in a file is an
// Error that says what. Sections in comments are those of the HDF5 File Format Specification,
// version 3.
#pragma once

#include <cstdint>
#include <string_view>

namespace chronicler::hdf5 {

inline constexpr std::string_view signature("\x89HDF\r\n\x1a\n", 8);
inline constexpr std::uint64_t undefined_address = ~std::uint64_t{0};

// Kinds of header messages (IV.A.2).
enum class MessageKind : std::uint16_t {
  nil = 0x00,
  dataspace = 0x01,
  link_info = 0x02,
  datatype = 0x03,
  fill_value = 0x05,
  link = 0x06,
  external_files = 0x07,
  layout = 0x08,
  filters = 0x0B,
  attribute = 0x0C,
  continuation = 0x10,
  symbol_table = 0x11,
  attribute_info = 0x15,
};

// Classes of types.
enum class TypeClass : std::uint8_t {
  fixed_point = 0,
  floating_point = 1,
  text = 3,
  opaque = 5,
  variable = 9
};

// Classes of data layouts.
enum class LayoutClass : std::uint8_t { compact = 0, contiguous = 1, chunked = 2 };

// The types of numbers, as the first bytes of a datatype message (IV.A.2.d): class and version,
// bit field, size, properties.
inline constexpr std::string_view float32_type(
    "\x11\x20\x1f\x00\x04\x00\x00\x00\x00\x00\x20\x00\x17\x08\x00\x17\x7f\x00\x00\x00", 20);
inline constexpr std::string_view float64_type(
    "\x11\x20\x3f\x00\x08\x00\x00\x00\x00\x00\x40\x00\x34\x0b\x00\x34\xff\x03\x00\x00", 20);
inline constexpr std::string_view int32_type("\x10\x08\x00\x00\x04\x00\x00\x00\x00\x00\x20\x00",
                                             12);
inline constexpr std::string_view int64_type("\x10\x08\x00\x00\x08\x00\x00\x00\x00\x00\x40\x00",
                                             12);

}  // namespace chronicler::hdf5
