// The two checksums of HDF5: of its newer structures, and of data sets that were packed with one.
#pragma once

#include <cstdint>
#include <string_view>

namespace chronicler::hdf5 {

// Bob Jenkins's lookup3, "hashlittle", as metadata end with it.
std::uint32_t lookup3(std::string_view bytes);

// Fletcher's sum of 16-bit words, the higher byte first.
std::uint32_t fletcher32(std::string_view bytes);
// What HDF5 1.6.2 and before wrote for the same data: the bytes of each half are swapped.
std::uint32_t early_fletcher32(std::uint32_t sum);

}  // namespace chronicler::hdf5
