// The tables of the tasks' options: what every row keeps to.
#include <cmath>
#include <optional>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "chronicler/base/fields.h"
#include "chronicler/data/audio_augmentation.h"
#include "chronicler/tasks/forecaster.h"
#include "chronicler/tasks/text_classifier.h"
#include "chronicler/tasks/text_generator.h"
#include "chronicler/tasks/transcriber.h"
#include "chronicler/tasks/translator.h"
#include "support/conformance.h"

namespace chronicler::tasks {
namespace {

template <class Options>
class OptionTable : public ::testing::Test {};

using Tables = ::testing::Types<TextClassifierOptions, TextGeneratorOptions, TranslatorOptions,
                                TranslateOptions, RunOptions, decoding::SamplingOptions,
                                ForecastOptions, UpdateOptions, TranscriberOptions,
                                TranscribeOptions, data::AugmentationOptions>;
TYPED_TEST_SUITE(OptionTable, Tables);

template <class Value>
constexpr bool is_number = std::is_arithmetic_v<Value> && !std::is_same_v<Value, bool>;
template <class Value>
constexpr bool is_number<std::optional<Value>> = is_number<Value>;

TYPED_TEST(OptionTable, DefaultsFit) { check_fields("Task", TypeParam{}); }

TYPED_TEST(OptionTable, NamesDifferAndSentencesHaveNoFullStop) {
  const TypeParam options{};
  std::set<std::string_view> names;
  for_each_field(options, [&](const FieldInfo& field, const auto& /*value*/) {
    EXPECT_TRUE(names.insert(field.name).second) << field.name;
    EXPECT_FALSE(field.sentence.empty()) << field.name;
    EXPECT_FALSE(field.sentence.ends_with('.')) << field.name;
  });
  EXPECT_FALSE(names.empty());
}

// Every number has a least or a greatest value, and what lies beyond is refused by the field's
// name.
TYPED_TEST(OptionTable, NumbersOutOfRangeAreRefused) {
  TypeParam options{};
  for_each_field(options, [&]<class Value>(const FieldInfo& field, Value& value) {
    if constexpr (is_number<Value>) {
      EXPECT_TRUE(field.range.least.has_value()) << field.name;
      const Value before = value;
      for (const std::optional<double> limit : {field.range.least, field.range.most}) {
        if (!limit) continue;
        const double beyond = limit == field.range.least ? *limit - 1.0 : *limit + 1.0;
        // 0 may stand for a choice, and unsigned numbers have none below.
        if (beyond == 0.0 || (std::is_same_v<Value, std::uint64_t> && beyond < 0.0)) continue;
        value = {};
        if constexpr (requires { value.value(); }) {
          value = static_cast<typename Value::value_type>(beyond);
        } else {
          value = static_cast<Value>(beyond);
        }
        const std::string error = test::error_of([&] { check_fields("Task", options); });
        EXPECT_TRUE(error.starts_with(std::string(field.name) + " of Task must be ")) << error;
      }
      value = before;
    }
    if constexpr (std::is_same_v<Value, std::string>) {
      if (field.range.words.empty()) return;
      const std::string before = value;
      value = "no such word";
      EXPECT_TRUE(test::error_of([&] {
                    check_fields("Task", options);
                  }).starts_with("unknown " + std::string(field.name) + " of Task "));
      value = before;
    }
  });
}

// What a run goes on with must be the same, but for how long it takes.
TYPED_TEST(OptionTable, AnotherValueIsAnotherRun) {
  const auto before = identity_fields(TypeParam{});
  TypeParam options{};
  for_each_field(options, [&]<class Value>(const FieldInfo& field, Value& value) {
    if constexpr (is_number<Value>) {
      if constexpr (requires { value.value(); }) {
        value = static_cast<typename Value::value_type>(7);
      } else {
        value = static_cast<Value>(value + 7);
      }
      EXPECT_EQ(identity_fields(options) == before, field.notes.is_of_run) << field.name;
      value = {};
      options = {};
    }
  });
}

}  // namespace
}  // namespace chronicler::tasks
