#include "chronicler/formats/npy.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"
#include "chronicler/base/texts.h"
#include "formats/archive.h"
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
}

TEST(Npy, TakesNumbersBeyond32Bits) {
  const auto read = [](const std::string& type, auto number) {
    return read_npy(npy(dictionary(type, "(1,)"), raw({number})));
  };
  EXPECT_EQ(*read("<i8", -(1LL << 40U)).as<double>(), -0x1p40);
  EXPECT_EQ(*read("<u4", std::uint32_t{1} << 31U).as<double>(), 0x1p31);
  EXPECT_EQ(*read("<u8", std::uint64_t{1} << 53U).as<double>(), 0x1p53);
  EXPECT_NE(error_of([&] { read("<i8", (1LL << 53U) + 1); }).find("9007199254740993"),
            std::string::npos);
  EXPECT_NE(error_of([&] { read("<u8", ~std::uint64_t{0}); }).find("18446744073709551615"),
            std::string::npos);
}

// What NumPy has: kinds, orders of the bytes, orders of the axes, versions, paddings.
TEST(Npy, ReadsEveryKindInEveryOrderAndVersion) {
  struct Kind {
    const char* letters;
    std::size_t size;
    DType dtype;
  };
  const std::vector<Kind> kinds{
      {"b1", 1, DType::boolean}, {"i1", 1, DType::int32},   {"i2", 2, DType::int32},
      {"i4", 4, DType::int32},   {"i8", 8, DType::int32},   {"u1", 1, DType::int32},
      {"u2", 2, DType::int32},   {"u4", 4, DType::int32},   {"u8", 8, DType::int32},
      {"f2", 2, DType::float32}, {"f4", 4, DType::float32}, {"f8", 8, DType::float64}};
  // The first numbers, lowest byte first. Of float16 the bits: 1.0 is 0x3C00, 2.0 is 0x4000.
  const auto element = [](const Kind& kind, int number) {
    std::string bytes;
    if (kind.letters == std::string("f2")) {
      constexpr std::array<std::uint16_t, 6> halves{0, 0x3C00, 0x4000, 0x4200, 0x4400, 0x4500};
      append_number(bytes, halves.at(static_cast<std::size_t>(number)));
    } else if (kind.letters[0] == 'f' && kind.size == 4) {
      append_number(bytes, static_cast<float>(number));
    } else if (kind.letters[0] == 'f') {
      append_number(bytes, static_cast<double>(number));
    } else {
      append_number(bytes, static_cast<std::int64_t>(number));
      bytes.resize(kind.size);
    }
    return bytes;
  };
  for (const Kind& kind : kinds) {
    for (const char order : {'<', '>', '|', '='}) {
      for (const bool fortran : {false, true}) {
        for (const int version : {1, 2, 3}) {
          for (const char* shape : {"(2, 3)", "(2L, 3L,)", "(6,)", "()", "(0, 4)", "(1, 2, 3)"}) {
            const Shape expected = read_npy(npy(dictionary("|i1", shape),
                                                std::string(std::string(shape) == "()"       ? 1
                                                            : std::string(shape) == "(0, 4)" ? 0
                                                                                             : 6,
                                                            '\0')))
                                       .shape();
            const auto count = static_cast<int>(expected.elements());
            // Element (i, k, ...) holds its number in C's order.
            std::string data;
            for (int place = 0; place < count; ++place) {
              int number = place;
              if (fortran && expected.rank() > 1) {
                const int rows = static_cast<int>(expected[-2]);
                const int columns = static_cast<int>(expected[-1]);
                number = place % rows * columns + place / rows;
              }
              std::string bytes = element(kind, kind.dtype == DType::boolean ? number % 2 : number);
              if (order == '>') std::reverse(bytes.begin(), bytes.end());
              data += bytes;
            }
            std::string header =
                dictionary(order + std::string(kind.letters), shape, fortran ? "True" : "False");
            if (version == 2) header = "  " + header + std::string(37, ' ');
            if (version == 3) std::replace(header.begin(), header.end(), '\'', '"');
            std::string bytes = npy(header, data);
            if (version > 1) {
              bytes[6] = static_cast<char>(version);
              bytes.insert(10, 2, '\0');
            }
            const Tensor tensor = read_npy(bytes);
            ASSERT_EQ(tensor.dtype(), kind.dtype) << header;
            ASSERT_EQ(tensor.shape(), expected) << header;
            const Tensor numbers = tensor.to(DType::float64);
            for (int i = 0; i < count; ++i) {
              ASSERT_EQ(numbers.as<double>()[i], kind.dtype == DType::boolean ? i % 2 : i)
                  << header;
            }
          }
        }
      }
    }
  }
}

TEST(Npy, KnowsHalvesOfEveryKind) {
  const Tensor halves = read_npy(
      npy(dictionary("<f2", "(8,)"),
          raw<std::uint16_t>({0x0001, 0x8001, 0x03FF, 0x0400, 0x7BFF, 0x7C00, 0xFC00, 0x8000})));
  const std::vector<float> expected{0x1p-24F, -0x1p-24F, 0x3FFp-24F, 0x1p-14F,
                                    65504.0F, INFINITY,  -INFINITY,  -0.0F};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(halves.as<float>()[i], expected[i]) << i;
    EXPECT_EQ(std::signbit(halves.as<float>()[i]), std::signbit(expected[i])) << i;
  }
  EXPECT_TRUE(std::isnan(
      *read_npy(npy(dictionary("<f2", "(1,)"), raw<std::uint16_t>({0x7E00}))).as<float>()));
}

TEST(Npy, ReadsTexts) {
  const auto texts_of = [](const std::string& type, const std::string& shape,
                           const std::string& data) {
    const Tensor tensor = read_npy(npy(dictionary(type, shape), data));
    EXPECT_EQ(tensor.dtype(), DType::text);
    std::vector<std::string> texts;
    for (std::int64_t row = 0; row < tensor.shape()[0]; ++row)
      texts.emplace_back(text_at(tensor, row));
    return texts;
  };
  using Texts = std::vector<std::string>;
  // "h\u00e9", "\u65e5\U0001f600", "" of up to two characters.
  const std::vector<std::uint32_t> codes{'h', 0xE9, 0x65E5, 0x1F600, 0, 0};
  const Texts expected{"h\xC3\xA9", "\xE6\x97\xA5\xF0\x9F\x98\x80", ""};
  std::string little;
  std::string big;
  for (const std::uint32_t code : codes) {
    for (int byte = 0; byte < 4; ++byte) little += static_cast<char>(code >> (8 * byte));
    for (int byte = 3; byte >= 0; --byte) big += static_cast<char>(code >> (8 * byte));
  }
  for (const char* shape : {"(3,)", "(3, 1)"}) {
    EXPECT_EQ(texts_of("<U2", shape, little), expected);
    EXPECT_EQ(texts_of(">U2", shape, big), expected);
  }
  EXPECT_EQ(texts_of("|S3", "(2,)", std::string("abca\0\0", 6)), (Texts{"abc", "a"}));
  const auto error = [&](const std::string& type, const std::string& shape, std::uint32_t code) {
    return error_of([&] {
      read_npy(npy(dictionary(type, shape), std::string(reinterpret_cast<const char*>(&code), 4)));
    });
  };
  EXPECT_NE(error("<U1", "(1,)", 0xD800).find("0xd800, which is no character"), std::string::npos);
  EXPECT_NE(error("<U1", "(1,)", 0x110000).find("no character"), std::string::npos);
  EXPECT_NE(error("|S1", "(2, 2)", 0).find("texts in shape (2, 2)"), std::string::npos);
  EXPECT_NE(error("<U4000000000", "(4000000000,)", 0), "no error");
}

TEST(Npy, OfAnArchiveReadsTheOnlyArray) {
  if (!archives_are_available()) return;
  const Tensor tensor(Shape{2}, std::vector<float>{1.0F, 2.0F});
  const std::string one = write_archive({{"x.npy", write_npy(tensor)}});
  EXPECT_TRUE(test::same_bits(read_npy(one), tensor));
  const std::string two =
      write_archive({{"x.npy", write_npy(tensor)}, {"y.npy", write_npy(tensor)}});
  const std::string error = error_of([&] { read_npy(two); });
  EXPECT_NE(error.find("of 2 arrays: \"x\", \"y\""), std::string::npos) << error;
  EXPECT_NE(error.find("numpy.save"), std::string::npos) << error;
  EXPECT_NE(error_of([&] { read_npy(write_archive({})); }), "no error");
  EXPECT_NE(error_of([&] { read_npy(write_archive({{"x.npy", "PK"}})); }), "no error");
}

TEST(Npy, RefusesWhatItCannotHold) {
  const std::string eight(8, '\0');
  const auto error = [&](const std::string& header) {
    return error_of([&] { read_npy(npy(header, eight)); });
  };
  const std::vector<std::pair<const char*, const char*>> refused{
      {"|O", "Python objects (type \"|O\")"},
      {"<c8", "complex numbers"},
      {">c16", "complex numbers"},
      {"<U", "has no length"},
      {"|Sx", "has no length"},
      {"<U3", "does not agree with the 8 bytes"},
      {"<U0", "does not agree with the 8 bytes"},
      {"<M8[ns]", "dates"},
      {"<m8[s]", "spans of time"},
      {"|V8", "bytes without a type"},
      {"<f16", "elements of type \"<f16\""},
      {"<i3", "elements of type"},
      {"<i", "elements of type"},
      {"", "elements of type"},
      {"<", "elements of type"},
      {"<<i4", "elements of type"},
      {"<i4x", "elements of type"}};
  for (const auto& [type, reason] : refused)
    EXPECT_NE(error(dictionary(type, "(1,)")).find(reason), std::string::npos) << type;
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
