// Data sets in pieces of equal shape, which may be packed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chronicler/base/shape.h"
#include "formats/hdf5/hdf5_cursor.h"

namespace chronicler::hdf5 {

// How the pieces of a data set were packed (IV.A.2.l): in the order in which it was done.
enum class Filter : std::uint16_t { deflate = 1, shuffle = 2, checksum = 3 };
using Filters = std::vector<Filter>;

Filters filters_of(std::string_view message);

// The numbers of such a data set, `bytes` of them, from its layout message of version 3 or 4,
// behind version and kind. An element takes `size` bytes.
std::string read_chunks(File& file, Cursor layout, int version, const Shape& shape,
                        std::size_t size, const Filters& filters, std::uint64_t bytes);

}  // namespace chronicler::hdf5
