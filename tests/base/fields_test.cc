#include "chronicler/base/fields.h"

#include <limits>
#include <optional>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;

struct CellOptions {
  std::int64_t units = 0;
  std::optional<double> dropout = {};
  std::string level = {};
  double rate = 0.0;
  bool use_bias = true;
  double max_seconds = 0.0;

  template <class Visitor>
  static void fields(Visitor&& visit) {
    visit("units", &CellOptions::units, at_least(1), "size of the output", {.is_required = true});
    visit("dropout", &CellOptions::dropout, share_below(1.0), "share of inputs that are left out");
    visit("level", &CellOptions::level, one_of({"word", "char"}), "what is read",
          {.default_text = "from the texts"});
    visit("rate", &CellOptions::rate, above(0.0), "the learning rate", {.default_text = "0.002"});
    visit("use_bias", &CellOptions::use_bias, any_value(), "whether a vector is added");
    visit("max_seconds", &CellOptions::max_seconds, above(0.0), "time to train",
          {.is_of_run = true});
  }
};

TEST(Fields, AreCheckedByTheirRanges) {
  check_fields("Cell", CellOptions{.units = 1});
  check_fields("Cell", CellOptions{.units = 1, .dropout = 0.0, .level = "char", .rate = 0.1});
  const auto error = [](const CellOptions& options) {
    return error_of([&] { check_fields("Cell", options); });
  };
  EXPECT_EQ(error({}), "units of Cell must be at least 1, got 0");
  EXPECT_EQ(error({.units = 1, .dropout = 1.0}),
            "dropout of Cell must be at least 0 and below 1, got 1");
  EXPECT_EQ(error({.units = 1, .rate = -0.5}), "rate of Cell must be above 0, got -0.5");
  EXPECT_EQ(error({.units = 1, .rate = std::numeric_limits<double>::quiet_NaN()}),
            "rate of Cell must be above 0, got nan");
  EXPECT_EQ(error({.units = 1, .level = "words"}).substr(0, 36),
            "unknown level of Cell \"words\": did y");
}

TEST(Fields, SayTheirRanges) {
  EXPECT_EQ(between(0.0, 1.0).text(), "from 0 to 1");
  EXPECT_EQ(one_of({"word", "subword", "char"}).text(), "word, subword or char");
  EXPECT_EQ(any_value().text(), "");
  EXPECT_EQ((FieldRange{.least = 0, .most = 1, .least_is_out = true, .most_is_out = true}.text()),
            "above 0 and below 1");
  EXPECT_EQ((FieldRange{.least = 0, .most = 1, .least_is_out = true}.text()),
            "above 0 and at most 1");
}

TEST(Fields, AreTheIdentityOfARun) {
  const auto identity = identity_fields(CellOptions{.units = 3, .dropout = 0.25});
  ASSERT_EQ(identity.size(), 5U);  // not max_seconds
  EXPECT_EQ(identity[0], (std::pair<std::string, std::string>{"units", "3"}));
  EXPECT_EQ(identity[1].second, "0.25");
  EXPECT_EQ(identity[4].second, "true");
}

TEST(Fields, CanBeWritten) {
  CellOptions options;
  for_each_field(options, [](const FieldInfo& field, auto& value) {
    if constexpr (std::is_same_v<std::remove_reference_t<decltype(value)>, std::int64_t>) {
      if (field.name == "units") value = 7;
    }
  });
  EXPECT_EQ(options.units, 7);
}

TEST(Fields, ListsHaveABoundedNumberOfNumbers) {
  const FieldRange sides = number_list(1, 2, at_least(0));
  const auto holds = [](const FieldRange& range, const std::vector<std::int64_t>& list) {
    return range.holds(std::span<const std::int64_t>(list));
  };
  EXPECT_TRUE(holds(sides, {3}));
  EXPECT_TRUE(holds(sides, {0, 1}));
  EXPECT_FALSE(holds(sides, {}));
  EXPECT_FALSE(holds(sides, {1, 2, 3}));
  EXPECT_FALSE(holds(sides, {1, -1}));
  EXPECT_EQ(sides.text(), "one or two numbers, each at least 0");
  EXPECT_EQ(one_number(between(1, 9)).text(), "one number, from 1 to 9");
  EXPECT_EQ(one_number().text(), "one number");
  EXPECT_EQ(field_text(std::vector<std::int64_t>{1, 2}), "1, 2");
}

}  // namespace
}  // namespace chronicler
