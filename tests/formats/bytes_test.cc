#include "formats/bytes.h"

#include <gtest/gtest.h>

#include "support/conformance.h"
#include "support/temporary_folder.h"

namespace chronicler {
namespace {

TEST(Bytes, NumbersComeBack) {
  std::string bytes = "x";
  append_number(bytes, std::uint16_t{0x1234});
  append_number(bytes, -2.5);
  EXPECT_EQ(number_at<std::uint16_t>(bytes, 1), 0x1234U);
  EXPECT_EQ(number_at<double>(bytes, 3), -2.5);
}

TEST(Bytes, ReadsOnlyFiles) {
  const test::TemporaryFolder folder;
  const std::string error = test::error_of([&] { read_file(folder.path().string()); });
  EXPECT_NE(error.find("Is a directory"), std::string::npos) << error;
  EXPECT_NE(test::error_of([] { read_file("/dev/null"); }).find("is not a file"),
            std::string::npos);
}

}  // namespace
}  // namespace chronicler
