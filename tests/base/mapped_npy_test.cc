#include "chronicler/base/mapped_npy.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/mapped_memory.h"
#include "base/npy_header.h"
#include "chronicler/base/error.h"
#include "support/temporary_folder.h"

namespace chronicler {
namespace {

template <class Call>
std::string message_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no Error was thrown";
}

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A file with this header and so many bytes of elements.
std::string written(const test::TemporaryFolder& folder, const std::string& dictionary,
                    std::size_t bytes, std::size_t multiple = 64) {
  std::string header = dictionary;
  while ((10 + header.size() + 1) % multiple != 0) header += ' ';
  header += '\n';
  const std::string path = folder.path("x.npy");
  std::ofstream file(path, std::ios::binary);
  file << std::string("\x93NUMPY\x01\0", 8) << static_cast<char>(header.size() % 256)
       << static_cast<char>(header.size() / 256) << header << std::string(bytes, '\1');
  return path;
}

std::string dictionary(const std::string& type, const std::string& shape, bool fortran = false) {
  return fmt::format("{{'descr': '{}', 'fortran_order': {}, 'shape': {}, }}", type,
                     fortran ? "True" : "False", shape);
}

std::string error_of(const std::string& type, const std::string& shape, std::size_t bytes,
                     bool fortran = false) {
  const test::TemporaryFolder folder;
  const std::string path = written(folder, dictionary(type, shape, fortran), bytes);
  return message_of([&] { map_npy(path); });
}

TEST(MappedNpy, HoldsWhatIsInTheFile) {
  const test::TemporaryFolder folder;
  for (const DType dtype : {DType::float32, DType::float64, DType::int32, DType::boolean}) {
    NpyOutput output(folder.path("x.npy"), {3, 5}, dtype);
    Tensor(output.tensor()).fill(1.0);
    const Tensor x = output.finish();
    EXPECT_EQ(x.dtype(), dtype);
    EXPECT_EQ(x.shape(), Shape({3, 5}));
    EXPECT_TRUE(is_mapped(x));
    EXPECT_EQ(x.to(DType::int32).as<std::int32_t>()[14], 1);
  }
  const std::string scalar = written(folder, dictionary("<f4", "()"), 4);
  EXPECT_EQ(map_npy(scalar).size(), 1);
  EXPECT_EQ(map_npy(written(folder, dictionary("<f4", "(0, 8)"), 0)).shape(), Shape({0, 8}));
  // Where only one axis is longer than 1, either order is the same.
  EXPECT_EQ(map_npy(written(folder, dictionary("<f4", "(1, 3, 1)", true), 12)).size(), 3);
}

TEST(MappedNpy, RefusesWhatCannotBeMapped) {
  const auto has = [](const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text << "\nwithout: " << part;
  };
  for (const char* type : {"<i8", "|i1", "|u1", "<f2", ">f4", "<u4"}) {
    const std::string error = error_of(type, "(2,)", 16);
    has(error, fmt::format("it holds elements of type \"{}\", expected \"<f4\", \"<f8\"", type));
    has(error, "convert it once: chronicler convert \"");
  }
  has(error_of("<f4", "(2, 3)", 24, true), "its shape (2, 3) is in Fortran order");
  has(error_of("<f4", "(2, 3)", 24, true), "convert it once");
  has(error_of("|O", "(2,)", 16), "it holds Python objects (type \"|O\"), not numbers");
  has(error_of("<c8", "(2,)", 16), "it holds complex numbers");
  has(error_of("<U3", "(2,)", 24), "it holds elements of type \"<U3\"");
  has(error_of("<f4", "(2, 3)", 20),
      "its shape (2, 3) of <f4 needs 6 elements of 4 bytes, it holds 20 bytes: it was cut");
  has(error_of("<f4", "(2, 3)", 28), "it holds 28 bytes: its writer is not done");
  has(error_of("<f8", "(4611686018427387904,)", 32), "needs 4611686018427387904 elements");
  has(error_of("<f4", "(4611686018427387904, 4)", 0), "cannot map");
  has(error_of("<f4", "(2, None)", 24), "its header is damaged");
  const test::TemporaryFolder folder;
  has(message_of([&] { map_npy(folder.path("none.npy")); }),
      "none.npy\": No such file or directory");
  has(message_of([&] { map_npy(folder.path().string()); }), "it is not a file");
  std::ofstream(folder.path("text.npy")) << "not an array, but a text";
  has(message_of([&] { map_npy(folder.path("text.npy")); }), "it is not a .npy file");
  std::ofstream(folder.path("short.npy")) << "\x93NUM";
  has(message_of([&] { map_npy(folder.path("short.npy")); }), "it is not a .npy file");
  has(message_of([&] { map_npy(written(folder, dictionary("<f8", "(2,)"), 16, 7)); }),
      "its elements begin at byte");
}

TEST(MappedNpy, FoldersAreInTheOrderOfTheirNames) {
  const test::TemporaryFolder folder;
  EXPECT_NE(message_of([&] { npy_files(folder.path().string()); }).find("holds no .npy files"),
            std::string::npos);
  EXPECT_NE(message_of([&] { npy_files(folder.path("none")); }).find("cannot open"),
            std::string::npos);
  for (const std::int64_t length : {3, 1, 2})
    NpyOutput(folder.path(fmt::format("{}.npy", length)), {length, 2}).finish();
  std::ofstream(folder.path("notes.txt")) << "none of them";
  const std::vector<Tensor> all = map_npy_folder(folder.path().string());
  ASSERT_EQ(all.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_EQ(all[i].shape(), Shape({static_cast<std::int64_t>(i) + 1, 2}));
}

TEST(NpyOutput, IsWholeOrAbsent) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("y.npy");
  {
    NpyOutput output(path, {4});
    output.tensor().as<float>()[2] = 5.0F;
    EXPECT_FALSE(std::filesystem::exists(path));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  NpyOutput output(path, {4});
  output.tensor().as<float>()[2] = 5.0F;
  const Tensor y = output.finish();
  EXPECT_EQ(y.as<float>()[2], 5.0F);
  EXPECT_EQ(y.as<float>()[1], 0.0F);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
  EXPECT_EQ(content(path).substr(0, 128), npy_header(DType::float32, {4}));
  EXPECT_NE(message_of([&] { output.finish(); }).find("finished already"), std::string::npos);
}

TEST(NpyOutput, FailsAtOnce) {
  const test::TemporaryFolder folder;
  const auto make = [](const std::string& path, const Shape& shape) {
    return message_of([&] { NpyOutput(path, shape, DType::float64); });
  };
  EXPECT_NE(make(folder.path("none/y.npy"), {4}).find("create its folder first"),
            std::string::npos);
  EXPECT_NE(make(folder.path().string(), {4}).find("cannot write"), std::string::npos);
  EXPECT_NE(make("/dev/null", {4}).find("it is not a file"), std::string::npos);
  EXPECT_NE(make(folder.path("y.npy"), {std::numeric_limits<std::int64_t>::max()}).find("no file"),
            std::string::npos);
  EXPECT_NE(make(folder.path("y.npy"), {std::int64_t{1} << 58U}).find("cannot write"),
            std::string::npos);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(NpyRows, TakesRowsUntilThereAreNoMore) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("rows.npy");
  NpyRows rows(path, {2});
  rows.append(Tensor({1, 2}, std::vector<float>{1, 2}));
  rows.append(Tensor({2, 2}, std::vector<float>{3, 4, 5, 6}));
  rows.append(Tensor({0, 2}));
  EXPECT_EQ(rows.size(), 3);
  EXPECT_NE(message_of([&] {
              rows.append(Tensor({1, 3}));
            }).find("got (1, 3) of float32"),
            std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(path));
  rows.finish();
  const Tensor all = map_npy(path);
  EXPECT_EQ(all.shape(), Shape({3, 2}));
  EXPECT_EQ(all.as<float>()[5], 6.0F);
  { NpyRows dropped(folder.path("dropped.npy"), {2}); }
  EXPECT_FALSE(std::filesystem::exists(folder.path("dropped.npy")));
}

}  // namespace
}  // namespace chronicler
