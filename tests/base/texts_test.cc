#include "chronicler/base/texts.h"

#include <gtest/gtest.h>

#include "support/conformance.h"

namespace chronicler {
namespace {

using Texts = std::vector<std::string>;

TEST(Texts, GoIntoATensorAndComeBack) {
  const Texts texts{"caf\xC3\xA9", "", std::string("a\0b\0", 4), "x"};
  const Tensor tensor = text_tensor(texts);
  EXPECT_EQ(tensor.dtype(), DType::text);
  EXPECT_EQ(tensor.shape(), (Shape{4, 5}));
  EXPECT_EQ(text_at(tensor, 0), texts[0]);
  EXPECT_EQ(text_at(tensor, 1), "");
  EXPECT_EQ(text_at(tensor, 2), std::string("a\0b", 3));  // not the zeros at its end
  EXPECT_EQ(text_at(tensor.rows(3, 4), 0), "x");
  EXPECT_EQ(text_tensor(Texts{""}).shape(), (Shape{1, 1}));
}

TEST(Texts, AreNoNumbers) {
  EXPECT_NE(test::error_of([] {
              text_tensor(Texts{"1"}).to(DType::float32);
            }).find("string cannot be converted to float32"),
            std::string::npos);
  EXPECT_EQ(name_of(DType::text), "string");
  EXPECT_EQ(dtype_from_name("string"), DType::text);
}

}  // namespace
}  // namespace chronicler
