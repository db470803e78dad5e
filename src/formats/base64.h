// Bytes as text, 64 letters (RFC 4648, section 4).
#pragma once

#include <string>
#include <string_view>

namespace chronicler {

std::string to_base64(std::string_view bytes);
// Throws Error unless it is the text that to_base64 gives for some bytes.
std::string from_base64(std::string_view text);

}  // namespace chronicler
