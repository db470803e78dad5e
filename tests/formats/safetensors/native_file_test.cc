#include "formats/safetensors/native_file.h"

#include <gtest/gtest.h>

#include "chronicler/base/error.h"
#include "chronicler/layers/layers.h"
#include "formats/safetensors/safetensors.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

std::string small_file() {
  return write_native(
      describe_model(Sequential({layers::Input(Shape{None, 1}), layers::SimpleRNN({.units = 1})})));
}

// Cut anywhere, or with any byte changed, a file gives one error and never a model.
TEST(NativeFile, RefusesEveryDamage) {
  const std::string whole = small_file();
  ASSERT_LT(whole.size(), 4096U);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    EXPECT_THROW(read_native(whole.substr(0, i)), Error) << "cut at byte " << i;
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ 0x11);
    EXPECT_THROW(read_native(changed), Error) << "changed at byte " << i;
  }
  EXPECT_THROW(read_native(whole + "more"), Error);
}

TEST(NativeFile, RefusesOtherSafetensorsAndOtherVersions) {
  Safetensors content;
  const auto error = [&] {
    return test::error_of([&] { read_native(write_safetensors(content)); });
  };
  EXPECT_NE(error().find("no \"format\""), std::string::npos);
  content.metadata["format"] = "pt";
  EXPECT_NE(error().find("its format is \"pt\""), std::string::npos);
  content.metadata["format"] = "chronicler";
  content.metadata["format_version"] = "9";
  EXPECT_NE(error().find("it has version 9"), std::string::npos);
}

}  // namespace
}  // namespace chronicler
