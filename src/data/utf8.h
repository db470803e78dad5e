// UTF-8: where characters end, and texts that are none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace chronicler::data {

// Length of the well-formed UTF-8 character (Unicode 15, table 3-7) at the start of `text`, or 0.
std::size_t utf8_length(std::string_view text);

// Throws Error for what begins like UTF-16 text or a packed file.
void check_begin(std::string_view text, std::string_view name);

// Throws Error, with the line counted from `first_line`, for bytes that are not UTF-8, zero bytes
// and UTF-16.
void check_utf8(std::string_view text, std::string_view name, std::int64_t first_line = 1);

// How many characters (code points) a well-formed text has.
std::int64_t count_characters(std::string_view text);

// A letter of any language, a mark that belongs to one, or a decimal digit.
bool is_letter_or_digit(std::int32_t code);

}  // namespace chronicler::data
