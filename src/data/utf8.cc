#include "data/utf8.h"

#include <utf8proc.h>

#include <algorithm>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler::data {

std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : static_cast<unsigned char>(0);
  };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80; };
  const unsigned first = byte(0);
  const unsigned second = byte(1);
  if (first < 0x80) return text.empty() ? 0 : 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && second < 0xA0;
    const bool surrogate = first == 0xED && second > 0x9F;
    return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && second < 0x90;
    const bool too_large = first == 0xF4 && second > 0x8F;
    return follows(1) && follows(2) && follows(3) && !overlong && !too_large ? 4 : 0;
  }
  return 0;
}

void check_begin(std::string_view text, std::string_view name) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    throw Error(fmt::format("{} is UTF-16 text, expected UTF-8", name), "save it as UTF-8");
  if (text.starts_with("\x1F\x8B") || text.starts_with("PK\x03\x04"))
    throw Error(fmt::format("{} is a packed file, expected text", name),
                "unpack it first: gunzip or unzip");
}

std::optional<TextFault> first_fault(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == 0)
      return TextFault{i, "a zero byte is no text",
                       "is this a text file? If it is UTF-16, save it as UTF-8"};
    const std::size_t length = byte < 0x80 ? 1 : utf8_length(text.substr(i));
    if (length == 0)
      return TextFault{i, fmt::format("byte 0x{:02x} is not UTF-8", byte),
                       "save the file as UTF-8 (it may be Latin-1)"};
    i += length;
  }
  return std::nullopt;
}

void check_utf8(std::string_view text, std::string_view name, std::int64_t first_line) {
  check_begin(text, name);
  const std::optional<TextFault> fault = first_fault(text);
  if (!fault) return;
  const std::string_view before = text.substr(0, fault->at);
  const std::int64_t line = first_line + std::count(before.begin(), before.end(), '\n');
  throw Error(fmt::format("{}:{}: {}", name, line, fault->what), fault->hint);
}

std::int64_t count_characters(std::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; });
}

bool is_letter_or_digit(std::int32_t code) {
  switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
      return true;
    default:
      return false;
  }
}

}  // namespace chronicler::data
