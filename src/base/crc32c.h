// CRC-32C (Castagnoli): a checksum that sees every damage of up to 32 neighbouring bits.
#pragma once

#include <cstdint>
#include <string_view>

namespace chronicler {

// Of `bytes`, after others whose checksum is `before`.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);

}  // namespace chronicler
