#include "training/place.h"

#include <gtest/gtest.h>

namespace chronicler {
namespace {

TEST(Place, OfData) {
  EXPECT_EQ(place_in({9}, 7), "row 7");
  EXPECT_EQ(place_in({9, 2}, 7), "row 3, column 1");
  EXPECT_EQ(place_in({9, 5, 4}, 27), "row 1, step 1, feature 3");
  EXPECT_EQ(place_in({2, 2, 2, 2}, 5), "index (0, 1, 0, 1)");
}

TEST(Place, OfLabels) {
  EXPECT_EQ(place_of_label({9}, 7), "row 7");
  EXPECT_EQ(place_of_label({9, 1}, 7), "row 7");
  EXPECT_EQ(place_of_label({3, 4}, 7), "row 1, step 3");
  EXPECT_EQ(place_of_label({3, 4, 1}, 7), "row 1, step 3");
  EXPECT_EQ(place_of_label({3, 2, 2}, 7), "index (1, 1, 1)");
}

}  // namespace
}  // namespace chronicler
