#include "chronicler/data/spoken_text.h"

#include <utf8proc.h>

#include <array>

#include "chronicler/data/plain_text.h"
#include "data/utf8.h"

namespace chronicler::data {
std::string spoken_text(std::string_view written) {
  const std::string plain = plain_text(written);
  std::string_view text = plain;
  std::string result;
  bool apostrophe = false;  // counts if a letter follows
  bool space = false;
  while (!text.empty()) {
    utf8proc_int32_t code = 0;
    const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
    const auto length = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size()), &code);
    text.remove_prefix(length > 0 ? static_cast<std::size_t>(length) : 1);
    if (length > 0 && is_letter_or_digit(code)) {
      if (space && !result.empty()) result += ' ';
      if (apostrophe && !space && !result.empty()) result += '\'';
      std::array<utf8proc_uint8_t, 4> lower{};
      const auto size = utf8proc_encode_char(utf8proc_tolower(code), lower.data());
      result.append(lower.begin(), lower.begin() + size);
      space = apostrophe = false;
    } else if (code == '\'' || code == 0x2019) {
      apostrophe = true;
    } else {
      space = true;
    }
  }
  return result;
}

}  // namespace chronicler::data
