#include "chronicler/base/tensor.h"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"

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

template <class Element>
std::vector<Element> values(TensorView view) {
  const auto span = view.span<Element>();
  return {span.begin(), span.end()};
}

Tensor counting(const Shape& shape) {
  std::vector<float> numbers;
  for (std::int64_t i = 0; i < shape.elements(); ++i) numbers.push_back(static_cast<float>(i));
  return Tensor(shape, numbers);
}

TEST(DType, HasNameAndSize) {
  EXPECT_EQ(name_of(DType::float32), "float32");
  EXPECT_EQ(name_of(DType::boolean), "bool");
  EXPECT_EQ(size_of(DType::float32), 4U);
  EXPECT_EQ(size_of(DType::float64), 8U);
  EXPECT_EQ(size_of(DType::int32), 4U);
  EXPECT_EQ(size_of(DType::boolean), 1U);
  for (const DType dtype : {DType::float32, DType::float64, DType::int32, DType::boolean}) {
    EXPECT_EQ(dtype_from_name(name_of(dtype)), dtype);
  }
  EXPECT_EQ(message_of([] { dtype_from_name("flaot32"); }),
            "unknown dtype \"flaot32\": did you mean \"float32\"?");
}

TEST(Tensor, IsZeroAndAligned) {
  for (const std::int64_t size : {1, 7, 1000, 100000}) {
    const Tensor tensor({size}, DType::float64);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.as<double>()) % 64, 0U);
    for (const double value : tensor.span<double>()) ASSERT_EQ(value, 0.0);
  }
}

TEST(Tensor, TakesValues) {
  const Tensor tensor({2, 2}, std::vector<float>{1, 2, 3, 4});
  EXPECT_EQ(tensor.dtype(), DType::float32);
  EXPECT_EQ(tensor.size(), 4);
  EXPECT_EQ(tensor.bytes(), 16U);
  EXPECT_EQ(values<float>(tensor), (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(Tensor({1}, std::vector<double>{2.5}).dtype(), DType::float64);
  EXPECT_EQ(Tensor({1}, std::vector<std::int32_t>{2}).dtype(), DType::int32);
  const std::vector<std::uint8_t> mask{1, 0};
  EXPECT_EQ(Tensor::of<std::uint8_t>({2}, mask).dtype(), DType::boolean);
  EXPECT_EQ(message_of([] {
              Tensor({2, 2}, std::vector<float>{1, 2, 3});
            }),
            "shape (2, 2) needs 4 values, got 3");
}

TEST(Tensor, IsFalseOnlyWithoutStorage) {
  EXPECT_FALSE(Tensor());
  EXPECT_FALSE(TensorView());
  EXPECT_TRUE(Tensor({3}));
  EXPECT_TRUE(Tensor({0, 3}));  // no elements, but a shape
  EXPECT_TRUE(Tensor(Shape()));
  EXPECT_EQ(Tensor(Shape()).size(), 1);
}

TEST(Tensor, WithoutStorageHasNoElements) {
  EXPECT_EQ(TensorView().size(), 0);
  EXPECT_EQ(Tensor().bytes(), 0U);
  EXPECT_TRUE(Tensor().span<float>().empty());
  EXPECT_FALSE(Tensor().clone());
  EXPECT_FALSE(Tensor().to(DType::float64));
  EXPECT_FALSE(own({}));
  copy({}, {});
}

TEST(Tensor, RefusesShapesWithoutASize) {
  EXPECT_THROW(Tensor({None, 3}), Error);
  const std::int64_t large = std::int64_t{1} << 31;
  EXPECT_THROW(Tensor({large, large}, DType::float64), Error);  // 2^65 bytes
  EXPECT_THROW(Tensor({large, large, 2}), Error);
  EXPECT_NE(message_of([&] {
              Tensor({large, large / 2}, DType::float32);
            }).find("no memory for a float32 tensor of shape (2147483648, 1073741824)"),
            std::string::npos);
}

TEST(Tensor, RefusesTheWrongElementType) {
  const Tensor tensor({2});
  EXPECT_EQ(message_of([&] { tensor.as<double>(); }),
            "a tensor of float32 was read as float64: convert it to float64 first");
  EXPECT_THROW(tensor.span<std::int32_t>(), Error);
}

TEST(Tensor, CopiesShareAndClonesDoNot) {
  const Tensor tensor = counting({2, 2});
  const Tensor shared = tensor;
  const Tensor clone = tensor.clone();
  tensor.as<float>()[0] = 9;
  EXPECT_EQ(shared.as<float>()[0], 9);
  EXPECT_EQ(clone.as<float>()[0], 0);
  EXPECT_EQ(clone.shape(), tensor.shape());
}

TEST(Tensor, PartsShareAndOutliveTheWhole) {
  Tensor whole = counting({4, 3});
  const Tensor rows = whole.rows(1, 3);
  const Tensor part = whole.part(10, {2});
  const Tensor flat = whole.reshaped({12});
  whole.as<float>()[11] = 99;
  whole = Tensor();
  EXPECT_EQ(rows.shape(), (Shape{2, 3}));
  EXPECT_EQ(values<float>(rows), (std::vector<float>{3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(values<float>(part), (std::vector<float>{10, 99}));
  EXPECT_EQ(flat.as<float>()[11], 99);
}

TEST(Tensor, RefusesPartsOutside) {
  const Tensor whole = counting({4, 3});
  EXPECT_EQ(message_of([&] { whole.rows(2, 5); }),
            "rows 2 to 5 are outside a tensor of shape (4, 3): it has 4 rows");
  EXPECT_THROW(whole.rows(-1, 2), Error);
  EXPECT_THROW(whole.rows(3, 2), Error);
  EXPECT_EQ(whole.rows(4, 4).size(), 0);
  EXPECT_THROW(Tensor(Shape()).rows(0, 0), Error);
  EXPECT_EQ(message_of([&] { whole.part(11, {2}); }),
            "a part of shape (2,) at element 11 is outside a tensor of shape (4, 3)");
  EXPECT_THROW(whole.part(-1, {2}), Error);
  EXPECT_EQ(whole.part(12, {0}).size(), 0);
  EXPECT_EQ(message_of([&] {
              whole.reshaped({5, 2});
            }),
            "12 elements of shape (4, 3) cannot take shape (5, 2), which has 10");
}

TEST(TensorView, Borrows) {
  const Tensor tensor = counting({2, 3});
  const TensorView view = tensor;
  EXPECT_EQ(view.raw(), tensor.as<float>());
  EXPECT_EQ(values<float>(view.rows(1, 2)), (std::vector<float>{3, 4, 5}));
  EXPECT_EQ(view.reshaped({3, 2}).shape(), (Shape{3, 2}));
  const Tensor owned = own(view);
  view.as<float>()[0] = 7;
  EXPECT_EQ(tensor.as<float>()[0], 7);
  EXPECT_EQ(owned.as<float>()[0], 0);
}

TEST(Tensor, Converts) {
  const Tensor numbers({4}, std::vector<double>{-1.75, 0.0, 2.5, 1e-3});
  EXPECT_EQ(values<float>(numbers.to(DType::float32)),
            (std::vector<float>{-1.75F, 0, 2.5F, 1e-3F}));
  EXPECT_EQ(values<std::int32_t>(numbers.to(DType::int32)),
            (std::vector<std::int32_t>{-1, 0, 2, 0}));
  EXPECT_EQ(values<std::uint8_t>(numbers.to(DType::boolean)),
            (std::vector<std::uint8_t>{1, 0, 1, 1}));
  EXPECT_EQ(values<double>(numbers.to(DType::boolean).to(DType::float64)),
            (std::vector<double>{1, 0, 1, 1}));
  EXPECT_EQ(numbers.to(DType::float64).as<double>(), numbers.as<double>());  // shared
}

TEST(Tensor, RefusesNumbersThatAreNoInt32) {
  for (const double value : {3e9, -3e9, 2147483648.0, std::numeric_limits<double>::infinity(),
                             std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THROW(Tensor({1}, std::vector<double>{value}).to(DType::int32), Error) << value;
  }
  EXPECT_EQ(Tensor({1}, std::vector<double>{-2147483648.9}).to(DType::int32).as<std::int32_t>()[0],
            std::numeric_limits<std::int32_t>::min());
}

TEST(Tensor, Fills) {
  Tensor floats({3});
  floats.fill(1.5);
  EXPECT_EQ(values<float>(floats), (std::vector<float>{1.5F, 1.5F, 1.5F}));
  Tensor ids({2}, DType::int32);
  ids.fill(-4);
  EXPECT_EQ(values<std::int32_t>(ids), (std::vector<std::int32_t>{-4, -4}));
}

TEST(Copy, NeedsEqualSizesAndTypes) {
  const Tensor from = counting({2, 3});
  const Tensor to({3, 2});
  copy(from, to);
  EXPECT_EQ(values<float>(to), values<float>(from));
  EXPECT_EQ(message_of([&] { copy(from, Tensor({5})); }),
            "a float32 tensor of shape (2, 3) cannot be copied into a float32 one of shape (5,)");
  EXPECT_THROW(copy(from, Tensor({2, 3}, DType::int32)), Error);
}

}  // namespace
}  // namespace chronicler
