#include "formats/base64.h"

#include <gtest/gtest.h>

#include "chronicler/base/error.h"

namespace chronicler {
namespace {

TEST(Base64, IsThatOfTheStandard) {
  EXPECT_EQ(to_base64(""), "");
  EXPECT_EQ(to_base64("f"), "Zg==");
  EXPECT_EQ(to_base64("fo"), "Zm8=");
  EXPECT_EQ(to_base64("foo"), "Zm9v");
  EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
}

TEST(Base64, EveryByteComesBack) {
  std::string bytes;
  for (int value = 255; value >= 0; --value) {
    bytes += static_cast<char>(value);
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
  }
}

TEST(Base64, RefusesWhatItWouldNotWrite) {
  for (const char* text : {"Zg", "Zg=", "Zh==", "Zm9v=", "Zm 9v", "====", "Zm9vZ"})
    EXPECT_THROW(from_base64(text), Error) << text;
}

}  // namespace
}  // namespace chronicler
