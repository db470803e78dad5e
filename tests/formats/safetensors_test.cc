#include "formats/safetensors.h"

#include <gtest/gtest.h>

#include "formats/bytes.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;

std::string file(const std::string& header, std::size_t data_bytes) {
  std::string bytes;
  append_number(bytes, static_cast<std::uint64_t>(header.size()));
  return bytes + header + std::string(data_bytes, '\0');
}

TEST(Safetensors, HoldWhatWasPutIn) {
  Safetensors content;
  content.metadata = {{"a", "b"}, {"quote", "\"\n"}};
  content.tensors = {{"w", Tensor(Shape{2, 2}, std::vector<float>{1, 2, 3, 4})},
                     {"count", Tensor(Shape{}, std::vector<double>{9}), true},
                     {"d", Tensor(Shape{1}, std::vector<double>{0.5})},
                     {"mask", Tensor(Shape{3}, DType::boolean)},
                     {"none", Tensor(Shape{0, 2})}};
  sort_for_file(content.tensors);
  const std::string bytes = write_safetensors(content);
  EXPECT_EQ((8 + number_at<std::uint64_t>(bytes, 0)) % 8, 0U);
  const Safetensors read = read_safetensors(bytes);
  EXPECT_EQ(read.metadata, content.metadata);
  ASSERT_EQ(read.tensors.size(), content.tensors.size());
  for (const NamedTensor& tensor : content.tensors) {
    const auto same = [&](const NamedTensor& other) {
      return other.name == tensor.name && other.whole == tensor.whole &&
             test::same_bits(other.value, tensor.value);
    };
    EXPECT_TRUE(std::any_of(read.tensors.begin(), read.tensors.end(), same)) << tensor.name;
  }
}

struct Refusal {
  const char* header;
  std::size_t data_bytes;
  const char* reason;
};

class BrokenRule : public testing::TestWithParam<Refusal> {};

TEST_P(BrokenRule, IsRefused) {
  const std::string error =
      error_of([] { read_safetensors(file(GetParam().header, GetParam().data_bytes)); });
  EXPECT_NE(error.find(GetParam().reason), std::string::npos) << error;
}

INSTANTIATE_TEST_SUITE_P(
    Safetensors, BrokenRule,
    testing::Values(
        Refusal{R"([])", 0, "not a JSON object"}, Refusal{R"( {})", 0, "not a JSON object"},
        Refusal{R"({"a":)", 0, "not JSON"}, Refusal{"{\"\xff\":1}", 0, "not JSON"},
        Refusal{R"({"a":1})", 0, "must be an object"},
        Refusal{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
                    "a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
                8, "names \"a\" twice"},
        Refusal{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8,
                "begins at byte 4 of the data, expected 0"},
        Refusal{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
                    "b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                4, "begins at byte 0 of the data, expected 4"},
        Refusal{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", 4,
                "where the tensor begins and ends"},
        Refusal{R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4, "but 4 bytes"},
        Refusal{R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}})", 0,
                "more elements than"},
        Refusal{R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4, "must be a size"},
        Refusal{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 5,
                "need 4 bytes, the file has 5"},
        Refusal{R"({"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}})", 1,
                "must be F32, F64, I32, I64 or BOOL, got \"F8_E4M3\""},
        Refusal{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}})", 4,
                "unknown member \"x\""},
        Refusal{R"({"__metadata__":{"a":1}})", 0, "the metadata's a must be text"}));

TEST(Safetensors, RefusesLengthsThatLie) {
  EXPECT_NE(error_of([] { read_safetensors("{}"); }), "no error");
  std::string bytes;
  append_number(bytes, ~std::uint64_t{0});
  EXPECT_NE(error_of([&] { read_safetensors(bytes + "{}"); }), "no error");
  bytes.clear();
  append_number(bytes, std::uint64_t{100});
  EXPECT_NE(error_of([&] { read_safetensors(bytes + "{}"); }).find("within its header of 100"),
            std::string::npos);
}

}  // namespace
}  // namespace chronicler
