// Files that libhdf5 wrote (tests/golden/hdf5/make_hdf5.py).
#include "formats/hdf5_reader.h"

#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "formats/archive.h"
#include "formats/bytes.h"
#include "support/conformance.h"
#include "support/source_dir.h"

namespace chronicler {
namespace {

using test::error_of;

std::string file(const std::string& name) {
  return read_file((test::source_dir() / "tests/golden/hdf5" / (name + ".h5")).string());
}

const NamedTensor* find(const Hdf5Content& content, std::string_view name) {
  const auto found = std::find_if(content.tensors.begin(), content.tensors.end(),
                                  [&](const NamedTensor& tensor) { return tensor.name == name; });
  return found == content.tensors.end() ? nullptr : &*found;
}

class ReadableFile : public testing::TestWithParam<std::string> {};

TEST_P(ReadableFile, HoldsItsWeights) {
  const Hdf5Content content = read_hdf5(file(GetParam()));
  ASSERT_EQ(content.tensors.size(), 2U);
  const NamedTensor* kernel = find(content, "layers/dense/vars/0");
  ASSERT_NE(kernel, nullptr);
  ASSERT_EQ(kernel->value.shape(), (Shape{5, 3}));
  for (int i = 0; i < 15; ++i)
    EXPECT_EQ(kernel->value.as<float>()[i], 0.5F * static_cast<float>(i)) << i;
  const NamedTensor* count = find(content, "layers/dense/vars/1");
  ASSERT_NE(count, nullptr);
  EXPECT_TRUE(count->whole);
  EXPECT_EQ(count->value.shape(), Shape{});
  EXPECT_EQ(*count->value.as<double>(), 7.0);
}

std::vector<std::string> readable_files() {
  std::vector<std::string> names{"plain", "newest", "v108", "chunked", "attributes"};
  if (archives_are_available()) {  // and zlib with them
    names.emplace_back("gzip");
    names.emplace_back("gzip_shuffle_checksum");
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(Hdf5, ReadableFile, testing::ValuesIn(readable_files()),
                         [](const auto& name) { return name.param; });

TEST(Hdf5Reader, ReadsTextAttributes) {
  const Hdf5Content content = read_hdf5(file("attributes"));
  const std::map<std::string, std::vector<std::string>> expected{{"@backend", {"tensorflow"}},
                                                                 {"@names", {"dense", "lstm_1"}},
                                                                 {"@words", {"alpha", "beta"}},
                                                                 {"layers@empty", {""}}};
  EXPECT_EQ(content.attributes, expected);
}

TEST(Hdf5Reader, ReadsOtherTypesAndLayouts) {
  const Hdf5Content doubles = read_hdf5(file("doubles"));
  ASSERT_EQ(find(doubles, "w")->value.dtype(), DType::float64);
  EXPECT_EQ(find(doubles, "w")->value.as<double>()[1], -2.5);
  EXPECT_EQ(find(doubles, "i")->value.as<std::int32_t>()[1], -4);
  EXPECT_EQ(find(read_hdf5(file("compact")), "w")->value.as<float>()[2], 3.0F);
  EXPECT_EQ(find(read_hdf5(file("empty_array")), "w")->value.shape(), (Shape{0, 4}));
  const Hdf5Content many = read_hdf5(file("many"));
  ASSERT_EQ(many.tensors.size(), 300U);
  EXPECT_EQ(*find(many, "vars/299")->value.as<float>(), 299.0F);
}

struct Refusal {
  const char* file;
  const char* reason;
};

class RefusedFile : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedFile, GivesOneError) {
  const std::string error = error_of([] { read_hdf5(file(GetParam().file)); });
  EXPECT_NE(error.find(GetParam().reason), std::string::npos) << error;
}

INSTANTIATE_TEST_SUITE_P(
    Hdf5, RefusedFile,
    testing::Values(Refusal{"never_written", "\"w\" claims to have shape"},
                    Refusal{"never_written_flat", "data that were never written"},
                    Refusal{"big_endian", "\"w\", whose numbers are not float32"},
                    Refusal{"half", "\"w\", whose numbers are not float32"},
                    Refusal{"text", "\"w\", whose numbers are not float32"},
                    Refusal{"compound", "\"w\", whose numbers are not float32"},
                    Refusal{"soft_link", "a link to another place"},
                    Refusal{"external_link", "a link to another place"},
                    Refusal{"hard_link_loop", "two paths lead to one place"},
                    Refusal{"two_names", "two paths lead to one place"},
                    Refusal{"external_data", "data that lie in another file"},
                    Refusal{"virtual", "laid out in another way"},
                    Refusal{"lzf", "data packed by filter 32000"},
                    Refusal{"user_block", "it is not an HDF5 file"}),
    [](const auto& refusal) { return std::string(refusal.param.file); });

TEST(Hdf5Reader, RefusesEveryCut) {
  const std::string whole = file("plain");
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_NE(error_of([&] { read_hdf5(whole.substr(0, size)); }), "no error") << size;
}

}  // namespace
}  // namespace chronicler
