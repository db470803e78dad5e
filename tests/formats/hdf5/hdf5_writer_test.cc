#include "formats/hdf5/hdf5_writer.h"

#include <map>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "formats/hdf5/hdf5_reader.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;

Tensor numbered(const Shape& shape, float first) {
  Tensor tensor(shape);
  for (float& value : tensor.span<float>()) value = first++;
  return tensor;
}

void expect_read_back(const NamedTensors& tensors) {
  const Hdf5Content content = read_hdf5(write_hdf5(tensors));
  ASSERT_EQ(content.tensors.size(), tensors.size());
  std::map<std::string, const NamedTensor*> read;
  for (const NamedTensor& tensor : content.tensors) read[tensor.name] = &tensor;
  for (const NamedTensor& tensor : tensors) {
    ASSERT_TRUE(read.contains(tensor.name)) << tensor.name;
    EXPECT_EQ(read[tensor.name]->whole, tensor.whole);
    EXPECT_EQ(read[tensor.name]->value.shape(), tensor.value.shape());
    EXPECT_TRUE(test::same_bits(read[tensor.name]->value, tensor.value)) << tensor.name;
  }
}

TEST(Hdf5Writer, WritesEveryTypeAndShape) {
  expect_read_back({{"a/vars/0", numbered({2, 3, 4}, 1.0F)},
                    {"a/vars/1", numbered({}, 5.0F)},
                    {"b", Tensor(Shape{3}, std::vector<double>{1, 2, 3})},
                    {"c", Tensor(Shape{2}, std::vector<std::int32_t>{-1, 7})},
                    {"empty", Tensor(Shape{0, 4})},
                    {"iteration", Tensor(Shape{}, std::vector<double>{12345678}), true}});
}

TEST(Hdf5Writer, WritesNothing) { expect_read_back({}); }

// 8 names fill a leaf, 32 leaves a node: each count needs one more step of the tree.
TEST(Hdf5Writer, WritesGroupsOfAnySize) {
  for (const int count : {8, 9, 256, 257, 9000}) {
    SCOPED_TRACE(count);
    NamedTensors tensors;
    for (int i = 0; i < count; ++i)
      tensors.push_back({fmt::format("vars/{}", i), numbered({1}, static_cast<float>(i))});
    expect_read_back(tensors);
  }
}

TEST(Hdf5Writer, RefusesNamesThatClash) {
  const Tensor one = numbered({1}, 0.0F);
  for (const char* second : {"a/b", "a/b/c"}) {
    EXPECT_NE(error_of([&] {
                write_hdf5({{"a/b", one}, {second, one}});
              }).find("two weights want the place"),
              std::string::npos);
  }
  EXPECT_NE(error_of([&] { write_hdf5({{"a/b/c", one}, {"a/b", one}}); }), "no error");
}

}  // namespace
}  // namespace chronicler
