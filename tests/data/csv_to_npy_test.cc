#include "chronicler/data/csv_to_npy.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"
#include "chronicler/base/mapped_npy.h"
#include "support/temporary_folder.h"

namespace chronicler::data {
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

TEST(CsvToNpy, GivesTheNumbersOfReadCsv) {
  const test::TemporaryFolder folder;
  const std::string csv = folder.path("data.csv");
  const std::string npy = folder.path("data.npy");
  {
    std::ofstream file(csv);
    file << "a;b;c\n";
    for (int i = 0; i < 10001; ++i) file << i << ";" << i * 0.25 << ";word\n";
  }
  EXPECT_EQ(csv_to_npy(csv, npy, {.columns = {"b", "a"}}), 10001);
  const Tensor all = map_npy(npy);
  EXPECT_EQ(all.shape(), Shape({10001, 2}));
  const Tensor read = read_csv(csv, {.delimiter = ';'}).numbers(std::vector<std::string>{"b", "a"});
  for (std::int64_t i = 0; i < all.size(); ++i) ASSERT_EQ(all.as<float>()[i], read.as<float>()[i]);
  EXPECT_EQ(csv_to_npy(csv, npy, {.columns = {"a"}, .dtype = DType::int32, .as_sequence = true}),
            10001);
  EXPECT_EQ(map_npy(npy).shape(), Shape({1, 10001, 1}));
  EXPECT_EQ(map_npy(npy).as<std::int32_t>()[10000], 10000);
}

TEST(CsvToNpy, SaysWhereItCannot) {
  const test::TemporaryFolder folder;
  const std::string csv = folder.path("data.csv");
  const std::string npy = folder.path("data.npy");
  std::ofstream(csv) << "a,b\n1,2\n3,\nx,5\n";
  const auto expect = [&](const CsvToNpyOptions& options, const std::string& part) {
    const std::string text = message_of([&] { csv_to_npy(csv, npy, options); });
    EXPECT_NE(text.find(part), std::string::npos) << text << "\nwithout: " << part;
    EXPECT_FALSE(std::filesystem::exists(npy));
  };
  expect({}, "data.csv:3: column \"b\": \"\" is empty, expected a number");
  expect({.missing = Missing::nan}, "data.csv:4: column \"a\": \"x\"");
  expect({.columns = {"c"}}, "\"c\"");
  expect({.missing = Missing::nan, .dtype = DType::int32}, "int32 has no NaN");
  expect({.dtype = DType::boolean}, "cannot be converted to bool");
  EXPECT_EQ(csv_to_npy(csv, npy, {.columns = {"b"}, .missing = Missing::nan}), 3);
  EXPECT_TRUE(std::isnan(map_npy(npy).as<float>()[1]));
  std::filesystem::remove(npy);
  std::ofstream(csv) << "a,b\n";
  expect({}, "has no rows below its header");
}

}  // namespace
}  // namespace chronicler::data
