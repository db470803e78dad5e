// Files that libhdf5 wrote (tests/golden/hdf5/make_hdf5.py).
#include "formats/hdf5/hdf5_reader.h"

#include <algorithm>
#include <cstring>
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
  std::vector<std::string> names{"plain",
                                 "newest",
                                 "v108",
                                 "chunked",
                                 "checksum",
                                 "attributes",
                                 "newest_plain_pieces",
                                 "newest_extensible_array"};
  if (archives_are_available()) {  // and zlib with them
    names.emplace_back("gzip");
    names.emplace_back("gzip_shuffle_checksum");
    names.emplace_back("newest_single_piece");
    names.emplace_back("newest_fixed_array");
    names.emplace_back("newest_tree");
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

TEST(Hdf5Reader, ReadsManyObjectsInTheNewerForm) {
  const Hdf5Content many = read_hdf5(file("newest_many"));
  ASSERT_EQ(many.tensors.size(), 70U);
  EXPECT_EQ(*find(many, "vars/69")->value.as<float>(), 69.0F);
  ASSERT_EQ(many.attributes.size(), 12U);
  EXPECT_EQ(many.attributes.at("@a11").front(), "text 11");
}

TEST(Hdf5Reader, ReadsNumbersOfEveryKind) {
  const Hdf5Content kinds = read_hdf5(file("kinds"));
  ASSERT_EQ(kinds.tensors.size(), 15U);
  for (const NamedTensor& tensor : kinds.tensors) {
    const Tensor numbers = tensor.value.to(DType::float64);
    std::vector<double> expected{1.0, 2.0, 100.0};
    if (tensor.name == "wide_u4") expected = {0x1p31, 1.0, 0.0};
    if (tensor.name == "wide_u8") expected = {0x1p40, 1.0, 0.0};
    if (tensor.name == "brain") expected = {1.5, -2.0};
    const auto got = numbers.span<double>();
    EXPECT_EQ(std::vector<double>(got.begin(), got.end()), expected) << tensor.name;
  }
}

// What a file says, for comparison. The count beside the numbers is written without a checksum.
std::string told(const Hdf5Content& content) {
  std::string text;
  for (const NamedTensor& tensor : content.tensors) {
    text += tensor.name + tensor.value.shape().to_string();
    if (tensor.name == "layers/dense/vars/1") continue;
    text.append(static_cast<const char*>(tensor.value.view().raw()), tensor.value.bytes());
  }
  for (const auto& [name, texts] : content.attributes) {
    text += name;
    for (const std::string& one : texts) text += one + ";";
  }
  return text;
}

// In the newest form everything has a checksum, data that were written with one too: no byte can
// change unseen.
TEST(Hdf5Reader, SeesEveryChangedByte) {
  if (!archives_are_available()) return;
  for (const char* name : {"newest_single_piece", "newest_fixed_array", "newest_extensible_array",
                           "newest_tree", "newest_many"}) {
    const std::string whole = file(name);
    const std::string expected = told(read_hdf5(whole));
    int refused = 0;
    for (std::size_t i = 0; i < whole.size(); i += name == std::string("newest_many") ? 7 : 1) {
      std::string changed = whole;
      changed[i] = static_cast<char>(changed[i] ^ 0x10);
      std::string got;
      const bool is_refused = error_of([&] { got = told(read_hdf5(changed)); }) != "no error";
      refused += is_refused ? 1 : 0;
      // The numbers of newest_many have no checksum: it was written without.
      const bool may_differ = is_refused || name == std::string("newest_many");
      EXPECT_TRUE(may_differ || got == expected) << name << " at byte " << i;
    }
    EXPECT_GT(refused, 100) << name;
  }
}

TEST(Hdf5Reader, SeesChangedNumbersInPiecesWithChecksums) {
  const std::string whole = file("checksum");
  const std::string expected = told(read_hdf5(whole));
  std::string number(4, '\0');
  const float value = 6.5F;
  std::memcpy(number.data(), &value, sizeof(value));
  const std::size_t place = whole.find(number);
  ASSERT_NE(place, std::string::npos);
  std::string changed = whole;
  changed[place + 1] = static_cast<char>(changed[place + 1] ^ 1);
  EXPECT_NE(error_of([&] { read_hdf5(changed); }).find("checksum of a data set"),
            std::string::npos);
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
                    Refusal{"text", "\"w\", which is no array of numbers"},
                    Refusal{"compound", "\"w\", which is no array of numbers"},
                    Refusal{"too_large", "\"w\" holds 1152921504606846976, which is too large"},
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
