#include "formats/safetensors/safetensors.h"

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

TEST(Safetensors, ReadsNumbersOfEveryKind) {
  struct Kind {
    const char* name;
    std::string one_and_two;
    DType dtype;
    bool whole = false;
  };
  using namespace std::string_literals;
  const std::vector<Kind> kinds{{"F16", "\0\x3C\0\x40"s, DType::float32},
                                {"BF16", "\x80\x3F\0\x40"s, DType::float32},
                                {"I8", "\1\2"s, DType::int32},
                                {"U8", "\1\2"s, DType::int32},
                                {"I16", "\1\0\2\0"s, DType::int32},
                                {"U16", "\1\0\2\0"s, DType::int32},
                                {"U32", "\1\0\0\0\2\0\0\0"s, DType::int32},
                                {"U64", "\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0"s, DType::int32},
                                {"I64", "\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0"s, DType::float64, true}};
  for (const Kind& kind : kinds) {
    const std::string header = R"({"w":{"dtype":")"s + kind.name +
                               R"(","shape":[2],"data_offsets":[0,)" +
                               std::to_string(kind.one_and_two.size()) + "]}}";
    const Safetensors read = read_safetensors(file(header, 0) + kind.one_and_two);
    ASSERT_EQ(read.tensors.size(), 1U);
    EXPECT_EQ(read.tensors[0].value.dtype(), kind.dtype) << kind.name;
    EXPECT_EQ(read.tensors[0].whole, kind.whole) << kind.name;
    const Tensor numbers = read.tensors[0].value.to(DType::float64);
    EXPECT_EQ(numbers.as<double>()[0], 1.0) << kind.name;
    EXPECT_EQ(numbers.as<double>()[1], 2.0) << kind.name;
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
                8, "has \"a\" twice"},
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
                "is F8_E4M3, which is not read: save the weights as float32"},
        Refusal{R"({"a":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]},
                    "b":{"dtype":"BF16","shape":[1],"data_offsets":[1,2]}})",
                2, "has shape (1,) of BF16, but 1 bytes"},
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
