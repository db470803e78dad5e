#include "tasks/shared/folds.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/conformance.h"

namespace chronicler::tasks {
namespace {

using test::error_of;

// How many samples of each class, or of all (-1), each fold tests.
std::vector<std::int64_t> counts(const std::vector<std::int64_t>& fold_of,
                                 const std::vector<std::int32_t>& classes, std::int32_t of,
                                 std::int64_t folds) {
  std::vector<std::int64_t> result(static_cast<std::size_t>(folds), 0);
  for (std::size_t i = 0; i < fold_of.size(); ++i)
    result.at(static_cast<std::size_t>(fold_of[i])) += of < 0 || classes[i] == of ? 1 : 0;
  return result;
}

void expect_even(const std::vector<std::int64_t>& counts) {
  const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
  EXPECT_LE(*most - *least, 1);
}

// Each sample is tested once, by the fold that it has.
TEST(Folds, AreEvenAndSoIsEachClassInThem) {
  for (const std::int64_t folds : {2, 3, 7, 20}) {
    for (const std::size_t count : {20U, 21U, 100U, 333U}) {
      std::vector<std::int32_t> classes(count, 0);
      for (std::size_t i = 0; i < count; ++i)
        classes[i] = i % 10 == 0 ? 2 : static_cast<std::int32_t>(i % 3 == 0);
      const std::vector<std::int64_t> fold_of = folds_of(classes, folds, 5, "texts");
      ASSERT_EQ(fold_of.size(), count);
      for (const std::int32_t of : {-1, 0, 1, 2}) expect_even(counts(fold_of, classes, of, folds));
      expect_even(counts(folds_of(count, folds, 5, "lines"), classes, -1, folds));
    }
  }
}

TEST(Folds, KeepWhatBelongsTogether) {
  std::vector<std::string> keys;
  for (int i = 0; i < 90; ++i) keys.push_back("key " + std::to_string(i % 31));
  const std::vector<std::int64_t> fold_of = folds_by_key(keys, 4, 3, "sources");
  ASSERT_EQ(fold_of.size(), keys.size());
  for (std::size_t i = 31; i < keys.size(); ++i) EXPECT_EQ(fold_of[i], fold_of[i - 31]);
  for (std::int64_t fold = 0; fold < 4; ++fold)
    EXPECT_GE(std::count(fold_of.begin(), fold_of.end(), fold), 14) << fold;
  EXPECT_EQ(error_of([&] { folds_by_key(std::vector<std::string>(50, "same"), 2, 3, "sources"); }),
            "2 folds need at least as many sources, got 1: use fewer folds");
}

TEST(Folds, FollowFromTheSeed) {
  EXPECT_EQ(folds_of(50, 5, 1, "texts"), folds_of(50, 5, 1, "texts"));
  EXPECT_NE(folds_of(50, 5, 1, "texts"), folds_of(50, 5, 2, "texts"));
}

TEST(Folds, AreRefusedWhereTheyCannotBe) {
  EXPECT_EQ(error_of([] { folds_of(4, 5, 0, "texts"); }),
            "5 folds need at least as many texts, got 4: use fewer folds");
  EXPECT_EQ(folds_of(5, 5, 0, "texts").size(), 5U);
  EXPECT_EQ(error_of([] { check_folds(1, false, false); }), "folds must be from 2 to 20, got 1");
  EXPECT_EQ(error_of([] { check_folds(21, false, false); }), "folds must be from 2 to 20, got 21");
  const std::string both =
      "a cross-validation cannot be paused or resumed: leave out resume and "
      "stop_after";
  EXPECT_EQ(error_of([] { check_folds(5, true, false); }), both);
  EXPECT_EQ(error_of([] { check_folds(5, false, true); }), both);
}

TEST(Folds, HaveTheirPlaceInTheProgress) {
  TaskProgress shown;
  const auto progress = progress_of_fold(
      [&](const TaskProgress& now) {
        shown = now;
        return now.epochs < 2.0;
      },
      2, 5);
  EXPECT_TRUE(progress({.epochs = 1.0, .seconds_left = 10.0}));
  EXPECT_EQ(shown.fold, 2);
  EXPECT_EQ(shown.folds, 5);
  EXPECT_GE(shown.seconds_left, 40.0);  // of this one and of the three that follow
  EXPECT_FALSE(progress({.epochs = 2.0}));
  EXPECT_FALSE(progress_of_fold({}, 1, 5));
}

struct Options {
  std::string checkpoint = "file";
  bool resume = false;
  std::optional<std::int64_t> stop_after = {};
  TaskProgressFunction progress = {};
};

TEST(Folds, EndWithTheFirstThatIsPaused) {
  std::vector<std::int64_t> seen;
  const auto train = [&](const Options& own, std::int64_t fold) -> std::optional<double> {
    EXPECT_EQ(own.checkpoint, "");
    seen.push_back(fold);
    if (fold == 2) return {};
    return static_cast<double>(fold);
  };
  EXPECT_EQ(cross_validated<double>(Options{}, 5, train), (std::vector<double>{0.0, 1.0}));
  EXPECT_EQ(seen, (std::vector<std::int64_t>{0, 1, 2}));
  EXPECT_NE(error_of([&] { cross_validated<double>(Options{.resume = true}, 5, train); }), "");
}

}  // namespace
}  // namespace chronicler::tasks
