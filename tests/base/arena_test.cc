#include "chronicler/base/arena.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"

namespace chronicler {
namespace {

// One pass: where its pieces were put.
std::vector<void*> pass(Arena& arena, int pieces, std::size_t bytes) {
  std::vector<void*> places;
  for (int piece = 0; piece < pieces; ++piece) {
    places.push_back(arena.allocate(bytes));
    std::memset(places.back(), piece, bytes);
  }
  return places;
}

TEST(Arena, PoisonsWhatItHandsOut) {
  Arena arena;
  for (const std::uint8_t byte : {std::uint8_t{0xff}, std::uint8_t{0x4b}}) {
    Arena::poison(byte);
    for (int pass_count = 0; pass_count < 3; ++pass_count) {
      const auto* place = static_cast<std::uint8_t*>(arena.allocate(100));
      EXPECT_EQ(std::count(place, place + 100, byte), 100);
      EXPECT_EQ(arena.zeros({3}, DType::float32).as<float>()[1], 0.0F);
      arena.reset();
    }
  }
  Arena::poison({});
}

TEST(Arena, GivesAlignedPiecesThatDoNotOverlap) {
  Arena arena;
  std::vector<std::pair<std::byte*, std::size_t>> pieces;
  for (const std::size_t bytes : {1, 63, 64, 65, 5000, 0, 100000, 1}) {
    auto* place = static_cast<std::byte*>(arena.allocate(bytes));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(place) % 64, 0U);
    std::memset(place, static_cast<int>(pieces.size()), bytes);
    pieces.emplace_back(place, bytes);
  }
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const auto [place, bytes] = pieces[i];
    EXPECT_EQ(std::count(place, place + bytes, static_cast<std::byte>(i)),
              static_cast<std::ptrdiff_t>(bytes));
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(place, pieces[j].first);
  }
}

TEST(Arena, ResetsItsBranchWithItself) {
  Arena arena;
  const std::vector<void*> own = pass(arena, 3, 100);
  const std::vector<void*> beside = pass(arena.branch(), 3, 100);
  EXPECT_EQ(arena.used(), 6U * 128U);
  EXPECT_NE(own[2], beside[2]);
  arena.reset();
  EXPECT_EQ(arena.used(), 0U);
  const std::size_t capacity = arena.capacity();
  EXPECT_EQ(pass(arena.branch(), 3, 100), beside);
  EXPECT_EQ(arena.capacity(), capacity);
}

TEST(Arena, AllocatesNothingFromTheSecondPassOn) {
  Arena arena;
  pass(arena, 100, 3000);
  const std::size_t used = arena.used();
  EXPECT_GE(used, 300000U);
  arena.reset();
  const std::size_t capacity = arena.capacity();
  EXPECT_GE(capacity, used);
  EXPECT_EQ(arena.used(), 0U);

  const std::vector<void*> second = pass(arena, 100, 3000);
  EXPECT_EQ(arena.capacity(), capacity);
  EXPECT_EQ(arena.used(), used);
  arena.reset();
  EXPECT_EQ(pass(arena, 100, 3000), second);
  EXPECT_EQ(arena.capacity(), capacity);
}

TEST(Arena, MeltsIntoOneBlock) {
  Arena arena;
  pass(arena, 100, 3000);
  arena.reset();
  const std::vector<void*> places = pass(arena, 100, 3000);
  for (std::size_t i = 1; i < places.size(); ++i) {
    EXPECT_EQ(static_cast<std::byte*>(places[i]) - static_cast<std::byte*>(places[i - 1]), 3008);
  }
}

TEST(Arena, GrowsForALargerPass) {
  Arena arena;
  pass(arena, 10, 3000);
  arena.reset();
  pass(arena, 200, 3000);
  arena.reset();
  const std::size_t capacity = arena.capacity();
  EXPECT_GE(capacity, 200U * 3000U);
  pass(arena, 10, 3000);  // a smaller one gives nothing back
  arena.reset();
  EXPECT_EQ(arena.capacity(), capacity);
}

TEST(Arena, KeepsWhatWasWrittenWhileItGrows) {
  Arena arena;
  const TensorView first = arena.zeros({10}, DType::float32);
  first.as<float>()[9] = 3;
  pass(arena, 50, 10000);
  EXPECT_EQ(first.as<float>()[9], 3);
}

TEST(Arena, MakesTensors) {
  Arena arena;
  pass(arena, 1, 3000);  // not zero
  arena.reset();
  const TensorView zeros = arena.zeros({5, 7}, DType::float64);
  EXPECT_EQ(zeros.shape(), (Shape{5, 7}));
  for (const double value : zeros.span<double>()) EXPECT_EQ(value, 0.0);
  EXPECT_EQ(arena.tensor({3}, DType::int32).dtype(), DType::int32);
  EXPECT_TRUE(arena.tensor({0}, DType::float32));
  float* const array = arena.array<float>(6);
  std::fill_n(array, 6, 1.0F);
}

TEST(Arena, RefusesWhatCannotBe) {
  Arena arena;
  const std::int64_t large = std::int64_t{1} << 31;
  EXPECT_THROW(arena.tensor({large, large}, DType::float64), Error);
  EXPECT_THROW(arena.tensor({None, 4}, DType::float32), Error);
  EXPECT_THROW(arena.allocate(~std::size_t{0}), Error);
  EXPECT_THROW(arena.allocate(std::size_t{1} << 62), Error);
  pass(arena, 10, 1000);  // still good
}

TEST(Arena, MovesAndStartsAnew) {
  Arena arena;
  const TensorView view = arena.zeros({100}, DType::float32);
  view.as<float>()[3] = 5;
  Arena other = std::move(arena);
  EXPECT_EQ(view.as<float>()[3], 5);
  EXPECT_GE(other.used(), 400U);
  arena = Arena();
  pass(arena, 10, 1000);
  Arena third = std::move(arena);
  pass(arena, 10, 1000);  // NOLINT(bugprone-use-after-move): it may be used again
  EXPECT_EQ(arena.used(), 10U * 1024U);
}

// The scratch of one step of many lies in the same place at every step.
TEST(Arena, RewindsToAMark) {
  Arena arena;
  const void* kept = arena.allocate(100);
  const Arena::Mark mark = arena.mark();
  const std::size_t before = arena.used();
  arena.allocate(1 << 20U);  // a block of its own
  arena.rewind(mark);
  EXPECT_EQ(arena.used(), before);
  void* first = arena.allocate(5000);
  arena.rewind(mark);
  EXPECT_EQ(arena.allocate(5000), first);
  EXPECT_NE(kept, first);
  // What was rewound counts: the next pass finds room for it.
  arena.reset();
  const std::size_t capacity = arena.capacity();
  EXPECT_GE(capacity, std::size_t{1} << 20U);
  arena.allocate(100);
  arena.allocate(1 << 20U);
  EXPECT_EQ(arena.capacity(), capacity);
}

}  // namespace
}  // namespace chronicler
