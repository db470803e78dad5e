#include "chronicler/base/shape.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"

namespace chronicler {
namespace {

constexpr std::int64_t large = std::int64_t{1} << 40;

template <class Call>
std::string message_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no Error was thrown";
}

TEST(Shape, HoldsItsExtents) {
  const Shape shape{2, 3, 5};
  EXPECT_EQ(shape.rank(), 3);
  EXPECT_EQ(shape[0], 2);
  EXPECT_EQ(shape[2], 5);
  EXPECT_EQ(shape[-1], 5);
  EXPECT_EQ(shape[-3], 2);
  EXPECT_EQ(std::vector<std::int64_t>(shape.begin(), shape.end()),
            (std::vector<std::int64_t>{2, 3, 5}));
  EXPECT_EQ(Shape().rank(), 0);
}

TEST(Shape, ChangesAndGrows) {
  Shape shape{2, 3};
  shape.set(0, 7);
  shape.set(-1, None);
  shape.append(4);
  EXPECT_EQ(shape, (Shape{7, None, 4}));
  EXPECT_EQ(shape.with_front(9), (Shape{9, 7, None, 4}));
  EXPECT_EQ(shape.without_front(), (Shape{None, 4}));
  EXPECT_EQ(Shape{3}.without_front(), Shape());
}

TEST(Shape, PrintsAsKerasDoes) {
  EXPECT_EQ((Shape{None, 10, 64}).to_string(), "(None, 10, 64)");
  EXPECT_EQ(Shape{64}.to_string(), "(64,)");
  EXPECT_EQ(Shape{None}.to_string(), "(None,)");
  EXPECT_EQ(Shape().to_string(), "()");
}

TEST(Shape, CountsElements) {
  EXPECT_EQ((Shape{2, 3, 5}).elements(), 30);
  EXPECT_EQ(Shape().elements(), 1);
  EXPECT_EQ((Shape{4, 0}).elements(), 0);
  EXPECT_EQ((Shape{large, large, 0}).elements(), 0);
  EXPECT_EQ((Shape{large, 1 << 22}).elements(), std::int64_t{1} << 62);
}

TEST(Shape, DoesNotCountWhatItCannotKnow) {
  EXPECT_FALSE((Shape{None, 3}).is_known());
  EXPECT_TRUE((Shape{2, 3}).is_known());
  EXPECT_EQ(
      message_of([] {
        (Shape{None, 3}).elements();
      }),
      "the number of elements of shape (None, 3) is not known: put a number in place of None");
  EXPECT_THROW((Shape{0, None}).elements(), Error);
}

TEST(Shape, RefusesAProductThatOverflows) {
  EXPECT_THROW((Shape{large, large}).elements(), Error);
  EXPECT_THROW((Shape{large, 1 << 23}).elements(), Error);
}

TEST(Shape, FitsWhereBothAreKnown) {
  EXPECT_TRUE((Shape{None, 4}).fits({32, 4}));
  EXPECT_TRUE((Shape{32, 4}).fits({None, 4}));
  EXPECT_TRUE((Shape{None, 4}).fits({32, None}));
  EXPECT_FALSE((Shape{None, 4}).fits({32, 5}));
  EXPECT_FALSE((Shape{None, 4}).fits({4}));
  EXPECT_FALSE((Shape{4}).fits({4, 4}));
}

TEST(Shape, IsEqualOnlyToItself) {
  EXPECT_EQ((Shape{2, None}), (Shape{2, None}));
  EXPECT_FALSE((Shape{2, None}) == (Shape{2, 3}));
  EXPECT_FALSE((Shape{2}) == (Shape{2, 0}));
}

TEST(Shape, NamesTheAxisThatIsNotThere) {
  const Shape shape{2, 3};
  EXPECT_EQ(message_of([&] { shape[2]; }), "shape (2, 3) has no axis 2: axes go from -2 to 1");
  EXPECT_EQ(message_of([&] { shape[-3]; }), "shape (2, 3) has no axis -3: axes go from -2 to 1");
  EXPECT_EQ(message_of([] { Shape()[0]; }), "shape () has no axis 0");
  EXPECT_THROW(Shape().without_front(), Error);
  EXPECT_THROW(Shape().set(0, 1), Error);
}

TEST(Shape, RefusesBadExtentsAndTooManyAxes) {
  EXPECT_EQ(message_of([] {
              Shape{2, -3};
            }),
            "a shape cannot have an extent of -3: use None for an extent that is not known yet");
  Shape shape{1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_THROW(shape.append(9), Error);
  EXPECT_EQ(shape.rank(), 8);
  EXPECT_THROW(shape.with_front(1), Error);
  EXPECT_THROW((Shape{1, 2, 3, 4, 5, 6, 7, 8, 9}), Error);
  EXPECT_THROW(shape.set(0, -2), Error);
}

TEST(OptionalShape, IsWrittenLikeAShape) {
  const OptionalShape open = {};
  const OptionalShape vector = {7};
  const OptionalShape sequence = {None, 100};
  const OptionalShape shape = Shape{2, 3};
  EXPECT_FALSE(open.has_value());
  EXPECT_EQ(*vector, Shape{7});
  EXPECT_EQ(*sequence, (Shape{None, 100}));
  EXPECT_EQ(*shape, (Shape{2, 3}));
}

}  // namespace
}  // namespace chronicler
