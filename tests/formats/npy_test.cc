#include "chronicler/formats/npy.h"

#include <gtest/gtest.h>

#include "chronicler/base/error.h"
#include "formats/bytes.h"
#include "support/conformance.h"
#include "support/temporary_folder.h"

namespace chronicler {
namespace {

using test::error_of;

// A file as NumPy writes it, with this header.
std::string npy(std::string header, const std::string& data) {
  header += '\n';
  std::string bytes("\x93NUMPY\x01\0", 8);
  append_number(bytes, static_cast<std::uint16_t>(header.size()));
  return bytes + header + data;
}

std::string dictionary(const std::string& type, const std::string& shape,
                       const std::string& order = "False") {
  return "{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }";
}

template <class Number>
std::string raw(std::initializer_list<Number> numbers) {
  std::string bytes;
  for (const Number number : numbers) append_number(bytes, number);
  return bytes;
}

TEST(Npy, ReadsWhatItWrites) {
  for (const Shape& shape : {Shape{}, Shape{5}, Shape{2, 3}, Shape{0, 4}, Shape{1, 2, 3, 4}}) {
    Tensor tensor(shape, DType::float64);
    double next = 0.5;
    for (double& value : tensor.span<double>()) value = next++;
    for (const DType dtype : {DType::float32, DType::float64, DType::int32}) {
      const Tensor written = tensor.to(dtype);
      const std::string bytes = write_npy(written);
      const Tensor read = read_npy(bytes);
      EXPECT_EQ(read.dtype(), dtype);
      EXPECT_EQ(read.shape().to_string(), shape.to_string());
      EXPECT_TRUE(test::same_bits(read, written));
      EXPECT_EQ((bytes.size() - written.bytes()) % 64, 0U);  // the data are aligned
    }
  }
}

TEST(Npy, SavesAndLoadsFiles) {
  const test::TemporaryFolder folder;
  const Tensor tensor(Shape{2}, std::vector<float>{1.0F, 2.0F});
  save_npy(folder.path("x.npy"), tensor);
  EXPECT_TRUE(test::same_bits(load_npy(folder.path("x.npy")), tensor));
  EXPECT_NE(error_of([&] { load_npy(folder.path("none.npy")); }).find("check the path"),
            std::string::npos);
}

TEST(Npy, TakesOtherWholeNumbers) {
  const Tensor small = read_npy(npy(dictionary("|u1", "(2,)"), raw<std::uint8_t>({1, 255})));
  EXPECT_EQ(small.as<std::int32_t>()[1], 255);
  const Tensor large = read_npy(npy(dictionary("<i8", "(1, 2)"), raw<std::int64_t>({-5, 7})));
  EXPECT_EQ(large.as<std::int32_t>()[0], -5);
  const Tensor flags = read_npy(npy(dictionary("|b1", "(2,)"), raw<std::uint8_t>({0, 1})));
  EXPECT_EQ(flags.dtype(), DType::boolean);
  EXPECT_NE(error_of([&] {
              read_npy(npy(dictionary("<i8", "(1,)"), raw<std::int64_t>({1LL << 40U})));
            }).find("1099511627776, which does not fit"),
            std::string::npos);
}

TEST(Npy, RefusesWhatItCannotHold) {
  const std::string eight(8, '\0');
  const auto error = [&](const std::string& header) {
    return error_of([&] { read_npy(npy(header, eight)); });
  };
  EXPECT_NE(error(dictionary(">f4", "(2,)")).find("type \">f4\""), std::string::npos);
  EXPECT_NE(error(dictionary("|O", "(1,)")).find("type \"|O\""), std::string::npos);
  EXPECT_NE(error(dictionary("<f4", "(1, 2)", "True")).find("Fortran"), std::string::npos);
  EXPECT_NE(error(dictionary("<f4", "(3,)")).find("does not agree with the 8 bytes"),
            std::string::npos);
  EXPECT_NE(error(dictionary("<f4", "(1000000000, 1000000000)")), "no error");
  EXPECT_NE(error(dictionary("<f4", "(4611686018427387904, 4)")), "no error");
  EXPECT_NE(error(dictionary("<f4", "(-2,)")), "no error");
  EXPECT_NE(
      error("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }").find("records"),
      std::string::npos);
  EXPECT_NE(error("{'descr': '<f4', 'fortran_order': False, }"), "no error");
  EXPECT_NE(error("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}"),
            "no error");
  EXPECT_EQ(error(dictionary("<f4", "(2,)")), "no error");
}

TEST(Npy, RefusesEveryCut) {
  const std::string whole = write_npy(Tensor(Shape{2, 3}));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_THROW(read_npy(whole.substr(0, size)), Error) << size;
  EXPECT_THROW(read_npy(whole + "x"), Error);
}

}  // namespace
}  // namespace chronicler
