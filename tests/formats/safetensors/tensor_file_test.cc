#include "formats/safetensors/tensor_file.h"

#include <string>

#include <gtest/gtest.h>

#include "formats/bytes.h"
#include "formats/safetensors/safetensors.h"
#include "support/conformance.h"
#include "support/damaged_files.h"
#include "support/temporary_folder.h"

namespace chronicler {
namespace {

using test::error_of;

TensorFile some_tensors() {
  return {{{"run", "units\t3\n"}, {"\"checksum\":\"", "\"checksum\":\"01234567\""}},
          {{"weight/0", test::noise({3, 2}, 1)}, {"progress", test::noise({5}, 2)}}};
}

TEST(TensorFile, HoldsWhatWasSaved) {
  const test::TemporaryFolder folder;
  const TensorFile expected = some_tensors();
  save_tensors(folder.path("x"), expected);
  const TensorFile got = load_tensors(folder.path("x"));
  EXPECT_EQ(got.metadata, expected.metadata);
  ASSERT_EQ(got.tensors.size(), 2U);
  for (const auto& [name, tensor] : got.tensors)
    EXPECT_TRUE(test::same_bits(tensor, expected.tensors[name == "progress" ? 1 : 0].second));
}

TEST(TensorFile, IsRefusedWhereverItIsDamaged) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("x");
  save_tensors(path, some_tensors());
  test::expect_refused_where_damaged(path, 1, [&] { load_tensors(path); });
}

TEST(TensorFile, WithoutAChecksumIsRefused) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("x");
  test::write_bytes(path, write_safetensors({{{"run", ""}}, {}}));
  EXPECT_EQ(error_of([&] { load_tensors(path); }),
            "cannot load \"" + path +
                "\": it has no checksum: an older Chronicler wrote it, or it is damaged: use "
                "another copy");
}

TEST(TensorFile, SaysThatItIsDamaged) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("x");
  save_tensors(path, some_tensors());
  std::string bytes = read_file(path);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  test::write_bytes(path, bytes);
  EXPECT_EQ(error_of([&] { load_tensors(path); }),
            "\"" + path + "\" is damaged: its checksum differs: use another copy");
}

}  // namespace
}  // namespace chronicler
