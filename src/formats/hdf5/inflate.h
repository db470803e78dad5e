// Deflated data, as HDF5 files may hold them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chronicler {

// The data in a zlib stream, which must be `size` bytes. Throws Error otherwise, and in a build
// without libzip-dev.
std::string inflate(std::string_view packed, std::size_t size);

}  // namespace chronicler
