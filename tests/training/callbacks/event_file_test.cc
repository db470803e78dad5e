#include "training/callbacks/event_file.h"

#include <gtest/gtest.h>

namespace chronicler {
namespace {

std::string hex(const std::string& bytes) {
  constexpr const char* digits = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text += digits[static_cast<unsigned char>(byte) >> 4U];
    text += digits[static_cast<unsigned char>(byte) & 15U];
  }
  return text;
}

// What TensorFlow's TFRecordWriter makes of the same bytes.
TEST(EventFile, RecordsAreTensorFlows) {
  EXPECT_EQ(hex(event_record("abc")), "0300000000000000b099490e6162636e57f121");
}

// What TensorFlow's Event protocol buffer gives.
TEST(EventFile, EventsAreTensorFlows) {
  EXPECT_EQ(hex(version_event(1.5)), "09000000000000f83f1a0d627261696e2e4576656e743a32");
  EXPECT_EQ(
      hex(scalars_event(1.5, 300, {{"epoch_loss", 0.25}, {"b", -1.0}})),
      "09000000000000f83f10ac022a1d0a110a0a65706f63685f6c6f7373150000803e0a080a016215000080bf");
}

}  // namespace
}  // namespace chronicler
