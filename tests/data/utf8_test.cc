#include "data/utf8.h"

#include <gtest/gtest.h>

#include "support/conformance.h"

namespace chronicler::data {
namespace {

TEST(Utf8, KnowsTheLengthOfCharacters) {
  EXPECT_EQ(utf8_length("a"), 1U);
  EXPECT_EQ(utf8_length("é"), 2U);
  EXPECT_EQ(utf8_length("語"), 3U);
  EXPECT_EQ(utf8_length("😀"), 4U);
  for (const char* wrong :
       {"", "\x80", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xC3", "\xF4\x90\x80\x80", "\xFF"})
    EXPECT_EQ(utf8_length(wrong), 0U) << wrong;
  EXPECT_EQ(count_characters("aé語😀"), 4);
}

TEST(Utf8, NamesTheLineOfAWrongByte) {
  EXPECT_EQ(test::error_of([] { check_utf8("one\ntwo\xFF", "f.txt"); }),
            "f.txt:2: byte 0xff is not UTF-8: save the file as UTF-8 (it may be Latin-1)");
  EXPECT_EQ(test::error_of([] { check_utf8(std::string_view("a\0b", 3), "f.txt"); }),
            "f.txt:1: a zero byte is no text: is this a text file? If it is UTF-16, save it as "
            "UTF-8");
  EXPECT_EQ(test::error_of([] { check_utf8("\xFF\xFE", "f.txt"); }),
            "f.txt is UTF-16 text, expected UTF-8: save it as UTF-8");
}

TEST(Utf8, KnowsLettersMarksAndDigits) {
  for (const std::int32_t code : {0x61, 0x5A, 0x37, 0xE9, 0x436, 0x301, 0x4E2D})
    EXPECT_TRUE(is_letter_or_digit(code)) << code;
  for (const std::int32_t code : {0x20, 0x2D, 0x27, 0x5F, 0x2019, 0xBD, 0x20AC})
    EXPECT_FALSE(is_letter_or_digit(code)) << code;
}

}  // namespace
}  // namespace chronicler::data
