#include "chronicler/base/error.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace chronicler {
namespace {

constexpr std::array<std::string_view, 9> names{
    "linear", "relu", "leaky_relu", "relu6", "tanh", "sigmoid", "hard_sigmoid", "softmax", "silu"};

using Names = std::vector<std::string>;

Error unknown(std::string_view kind, std::string_view name,
              std::span<const std::string_view> known) {
  try {
    unknown_name(kind, name, known);
  } catch (const Error& error) {
    return error;
  }
}

TEST(Error, WhatIsMessageAndHint) {
  const Error both("the file is empty", "write it again");
  EXPECT_EQ(both.message(), "the file is empty");
  EXPECT_EQ(both.hint(), "write it again");
  EXPECT_STREQ(both.what(), "the file is empty: write it again");

  const Error alone("the file is empty");
  EXPECT_EQ(alone.hint(), "");
  EXPECT_STREQ(alone.what(), "the file is empty");
}

TEST(NearestNames, FindsSlipsOfEveryKind) {
  EXPECT_EQ(nearest_names("tahn", names), Names{"tanh"});                  // swapped
  EXPECT_EQ(nearest_names("tan", names).front(), "tanh");                  // left out
  EXPECT_EQ(nearest_names("sigmmoid", names).front(), "sigmoid");          // doubled
  EXPECT_EQ(nearest_names("softmix", names), Names{"softmax"});            // mistaken
  EXPECT_EQ(nearest_names("HardSigmoid", names).front(), "hard_sigmoid");  // other spelling
  EXPECT_EQ(nearest_names("TANH", names), Names{"tanh"});                  // other case
}

TEST(NearestNames, ListsTheBestFirst) {
  EXPECT_EQ(nearest_names("relu7", names), (Names{"relu", "relu6"}));
  EXPECT_EQ(nearest_names("leaky", names), Names{"leaky_relu"});  // a part is enough
}

TEST(NearestNames, GivesAtMostThree) {
  constexpr std::array<std::string_view, 5> many{"conv1", "conv2", "conv3", "conv4", "conv5"};
  EXPECT_EQ(nearest_names("conv", many), (Names{"conv1", "conv2", "conv3"}));
}

TEST(NearestNames, IsEmptyWhenNothingIsNear) {
  EXPECT_TRUE(nearest_names("transformer", names).empty());
  EXPECT_TRUE(nearest_names("", names).empty());
  constexpr std::array<std::string_view, 2> letters{"x", "y"};
  EXPECT_TRUE(nearest_names("z", letters).empty());
}

TEST(UnknownName, SuggestsWhatIsNear) {
  const Error one = unknown("activation", "tahn", names);
  EXPECT_EQ(one.message(), "unknown activation \"tahn\"");
  EXPECT_EQ(one.hint(), "did you mean \"tanh\"?");
  EXPECT_EQ(unknown("activation", "relu7", names).hint(), "did you mean \"relu\" or \"relu6\"?");
}

TEST(UnknownName, ShowsThreeOfMany) {
  constexpr std::array<std::string_view, 6> many{"rows",    "columns", "both",
                                                 "neither", "corners", "edges"};
  EXPECT_EQ(unknown("mode", "crwnexz", many).hint(), "the nearest of 6 are corners, rows, columns");
}

TEST(UnknownName, ListsAFewWhenNothingIsNear) {
  constexpr std::array<std::string_view, 3> few{"rows", "columns", "both"};
  EXPECT_EQ(unknown("mode", "xyzzy", few).hint(), "choose one of rows, columns, both");
  EXPECT_EQ(unknown("mode", "xyzzy", {}).hint(), "there is none to choose from");
}

}  // namespace
}  // namespace chronicler
