// UTF-8: where characters end, and texts that are none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chronicler::data {

// Length of the well-formed UTF-8 character (Unicode 15, table 3-7) at the start of `text`, or 0.
std::size_t utf8_length(std::string_view text);

// What some programs write before the text.
inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// Throws Error for what begins like UTF-16 text or a packed file.
void check_begin(std::string_view text, std::string_view name);

// Where bytes stop being text, and why: a zero byte, or what is not UTF-8.
struct TextFault {
  std::size_t at = 0;
  std::string what;
  std::string hint;
};
// Nothing: all of them are.
std::optional<TextFault> first_fault(std::string_view text);

// Throws Error, with the line counted from `first_line`, for a fault, and for what check_begin
// refuses.
void check_utf8(std::string_view text, std::string_view name, std::int64_t first_line = 1);

// How many characters (code points) a well-formed text has.
std::int64_t count_characters(std::string_view text);

// A letter of any language, a mark that belongs to one, or a decimal digit.
bool is_letter_or_digit(std::int32_t code);

}  // namespace chronicler::data
