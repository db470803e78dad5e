// The options that come from tables: what is out of a field's range is refused by the option's
// name.
#include <algorithm>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "chronicler/base/fields.h"
#include "chronicler/data/audio_augmentation.h"
#include "chronicler/tasks/forecaster.h"
#include "chronicler/tasks/text_classifier.h"
#include "chronicler/tasks/text_generator.h"
#include "chronicler/tasks/transcriber.h"
#include "chronicler/tasks/translator.h"
#include "cli/program_run.h"

namespace chronicler::test {
namespace {

using Words = std::vector<std::string>;

std::string option_name(std::string_view field) {
  std::string name = "--" + std::string(field);
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

template <class Value>
struct Inner {
  using Type = Value;
};
template <class Value>
struct Inner<std::optional<Value>> {
  using Type = Value;
};

// Texts that are no value of the field; none if every text is one.
template <class Value>
Words wrong_values(const FieldInfo& field) {
  using Type = typename Inner<Value>::Type;
  Words wrong;
  if constexpr (std::is_same_v<Type, std::string>) {
    if (!field.range.words.empty()) wrong.emplace_back("no-such-word");
  } else if constexpr (std::is_same_v<Type, bool>) {
    return wrong;
  } else {
    wrong = {"x", "nan", "inf", "1e999", "-inf"};
    if (field.range.least) wrong.push_back(fmt::format("{}", *field.range.least - 1.0));
    if (field.range.most) wrong.push_back(fmt::format("{}", *field.range.most + 1.0));
    if (field.range.least_is_out) wrong.push_back(fmt::format("{}", *field.range.least));
  }
  return wrong;
}

template <class Options>
void expect_refusals(const Words& command, const Words& but = {}) {
  const Options options;
  int refused = 0;
  for_each_field(options, [&]<class Value>(const FieldInfo& field, const Value& /*value*/) {
    if (std::find(but.begin(), but.end(), field.name) != but.end()) return;
    const std::string name = option_name(field.name);
    for (const std::string& value : wrong_values<Value>(field)) {
      Words words = command;
      words.push_back(name + "=" + value);
      const ProgramRun run = run_chronicler(words);
      EXPECT_EQ(run.status, 2) << words.back();
      EXPECT_TRUE(run.errors.starts_with("error: " + name + " needs ")) << run.errors;
      EXPECT_NE(run.errors.find(", got \"" + value + "\"\n"), std::string::npos) << run.errors;
      ++refused;
    }
  });
  EXPECT_GT(refused, 0);
}

TEST(FieldOptions, RefuseByTheirNamesWhatIsOutOfRange) {
  expect_refusals<tasks::ForecastOptions>(
      {"forecast", "train", "x.csv", "--target", "y", "-o", "m.keras"}, {"covariates", "future"});
  expect_refusals<tasks::BacktestOptions>({"forecast", "backtest", "m.keras", "x.csv"});
  expect_refusals<tasks::TextClassifierOptions>({"sentiment", "train", "x.tsv", "-o", "m.keras"});
  expect_refusals<tasks::TextGeneratorOptions>({"generate", "train", "x.txt", "-o", "m.keras"});
  expect_refusals<tasks::RunOptions>({"generate", "run", "m.keras"});
  expect_refusals<tasks::TextScoreOptions>({"generate", "evaluate", "m.keras", "x.txt"});
  expect_refusals<decoding::SamplingOptions>({"generate", "run", "m.keras"});
  expect_refusals<tasks::TranslatorOptions>({"translate", "train", "x.tsv", "-o", "m.keras"});
  expect_refusals<tasks::TranslateOptions>({"translate", "run", "m.keras"});
  expect_refusals<tasks::TranscriberOptions>({"transcribe", "train", "x.tsv", "-o", "m.keras"});
  expect_refusals<data::AugmentationOptions>({"transcribe", "train", "x.tsv", "-o", "m.keras"});
  expect_refusals<tasks::TranscribeOptions>(
      {"transcribe", "run", "m.keras", "x.wav", "--language-model", "t"});
}

TEST(FieldOptions, OfFlagsTakeNoValue) {
  for (const char* flag : {"--as-written", "--streaming"}) {
    const ProgramRun run = run_chronicler(
        {"transcribe", "train", "x.tsv", "-o", "m.keras", std::string(flag) + "=false"});
    EXPECT_EQ(run.status, 2);
    EXPECT_TRUE(run.errors.starts_with(std::string("error: ") + flag + " takes no value\n"))
        << run.errors;
  }
}

}  // namespace
}  // namespace chronicler::test
