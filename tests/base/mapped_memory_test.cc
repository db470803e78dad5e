#include "base/mapped_memory.h"

#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"
#include "chronicler/base/mapped_npy.h"
#include "support/temporary_folder.h"

namespace chronicler {
namespace {

constexpr std::int64_t floats_of_32_mb = std::int64_t{8} << 20U;

// Of files, in the memory of the process.
std::int64_t resident_file_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::int64_t kilobytes = 0;
    if (word == "RssFile:" && status >> kilobytes) return kilobytes << 10U;
  }
  return 0;
}

// What the process has more of the file after `walk` has gone over it.
std::int64_t growth(const Tensor& tensor, const std::function<void(const Tensor&)>& walk) {
  const std::int64_t before = resident_file_bytes();
  walk(tensor);
  return resident_file_bytes() - before;
}

float sum(TensorView view) {
  const auto numbers = view.span<float>();
  return std::accumulate(numbers.begin(), numbers.end(), 0.0F);
}

Tensor mapped_zeros(const std::string& path, const Shape& shape) {
  return NpyOutput(path, shape).finish();
}

TEST(MappedMemory, PagesThatAreDoneWithAreGivenBack) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("x.npy");
  mapped_zeros(path, {floats_of_32_mb / 16, 16});
  const Tensor kept = map_npy(path);
  EXPECT_GT(growth(kept, [](const Tensor& x) { sum(x); }), std::int64_t{30} << 20U);
  const Tensor walked = map_npy(path);
  const std::int64_t steps = walked.shape()[0];
  for (const std::int64_t part : {1000, 100000}) {
    const auto forwards = [&](const Tensor& x) {
      for (std::int64_t i = 0; i < steps; i += part) {
        const Tensor rows = x.rows(i, std::min(steps, i + part));
        sum(rows);
        done_with(rows);
      }
    };
    const auto backwards = [&](const Tensor& x) {
      for (std::int64_t i = (steps - 1) / part * part; i >= 0; i -= part) {
        const Tensor rows = x.rows(i, std::min(steps, i + part));
        sum(rows);
        done_with(rows);
      }
    };
    const std::int64_t most = std::int64_t{16}
                              << 20U;  // two parts, and what the system reads ahead
    EXPECT_LT(growth(walked, forwards), most) << part;
    EXPECT_LT(growth(walked, backwards), most) << part;
  }
}

TEST(MappedMemory, WhatIsGivenBackHoldsTheSameNumbers) {
  const test::TemporaryFolder folder;
  NpyOutput output(folder.path("x.npy"), {1000000});
  auto numbers = output.tensor().span<float>();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    numbers[i] = static_cast<float>(i);
    if (i % 1000 == 999) done_with(&numbers[i - 999], 4000);
  }
  for (std::size_t i = 0; i < numbers.size(); ++i) ASSERT_EQ(numbers[i], static_cast<float>(i));
  const Tensor x = output.finish();
  done_with(x);
  done_with(x.rows(10, 20));
  for (std::size_t i = 0; i < numbers.size(); ++i)
    ASSERT_EQ(x.as<float>()[i], static_cast<float>(i));
}

TEST(MappedMemory, OtherMemoryIsLeftAlone) {
  std::vector<float> plain(1000000, 3.0F);
  done_with(plain.data(), plain.size() * sizeof(float));
  done_with(nullptr, 10);
  done_with(TensorView());
  const test::TemporaryFolder folder;
  const Tensor x = mapped_zeros(folder.path("x.npy"), {100});
  done_with(plain.data(), plain.size() * sizeof(float));
  done_with(x.view().raw(), std::size_t{1} << 40U);  // only what belongs to the file
  for (const float number : plain) ASSERT_EQ(number, 3.0F);
  EXPECT_FALSE(is_mapped(Tensor({1000})));
  EXPECT_FALSE(is_mapped({}));
  check_mapped(Tensor({1000}));
  EXPECT_TRUE(mapped_path(Tensor({1000})).empty());
}

TEST(MappedMemory, KnowsItsFile) {
  const test::TemporaryFolder folder;
  const Tensor a = mapped_zeros(folder.path("a.npy"), {100});
  const Tensor b = mapped_zeros(folder.path("b.npy"), {2000, 3});
  EXPECT_TRUE(is_mapped(a));
  EXPECT_TRUE(is_mapped(b.rows(1999, 2000)));
  EXPECT_EQ(mapped_path(a), folder.path("a.npy"));
  EXPECT_EQ(mapped_path(b.rows(5, 6)), folder.path("b.npy"));
}

std::string changed(const Tensor& x) {
  try {
    check_mapped(x);
  } catch (const Error& error) {
    return error.message();
  }
  return {};
}

TEST(MappedMemory, AFileThatIsCutOrGrowsIsAnError) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("x.npy");
  const Tensor x = mapped_zeros(path, {1000000});
  EXPECT_EQ(changed(x), "");
  std::filesystem::resize_file(path, 2000000);
  EXPECT_EQ(changed(x.rows(10, 20)),
            "\"" + path +
                "\" was cut while it is read: it had 4000128 bytes when it was mapped, now it has "
                "2000000");
  std::filesystem::resize_file(path, 5000000);
  EXPECT_EQ(
      changed(x),
      "\"" + path +
          "\" was written to while it is read: it had 4000128 bytes when it was mapped, now it "
          "has 5000000");
}

TEST(MappedMemory, AFileThatIsReplacedOrRemovedStaysWhatItWas) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("x.npy");
  const Tensor x = mapped_zeros(path, {1000000});
  mapped_zeros(path, {10});
  EXPECT_EQ(changed(x), "");
  std::filesystem::remove(path);
  EXPECT_EQ(changed(x), "");
  EXPECT_EQ(sum(x), 0.0F);
}

TEST(MappedMemory, SeveralThreadsMayBeDone) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("x.npy");
  const Tensor x = mapped_zeros(path, {floats_of_32_mb});
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (std::int64_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (std::int64_t i = thread; i < 512; i += 4) {
        const std::int64_t part = floats_of_32_mb / 512;
        const Tensor rows = x.rows(i * part, (i + 1) * part);
        EXPECT_EQ(sum(rows), 0.0F);
        done_with(rows);
        const Tensor another = map_npy(path);
        EXPECT_TRUE(is_mapped(another));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace chronicler
