// Models written by 433a8ed translate as they did there.
#include <gtest/gtest.h>

#include "chronicler/tasks/translator.h"
#include "support/written_answers.h"

namespace chronicler::tasks {
namespace {

void expect_same(const Translation& now, const nlohmann::json& before) {
  EXPECT_EQ(now.text, before["translation"].get<std::string>());
  EXPECT_TRUE(test::same_as_written(now.log_probability, before["log_probability"]));
}

TEST(TranslateModelFiles, TranslateTheSame) {
  const auto models = test::written_models("translate");
  ASSERT_FALSE(models.empty());
  for (const test::WrittenModel& written : models) {
    SCOPED_TRACE(written.path);
    const Translator translator = Translator::load(written.path);
    const auto& texts = written.answers["texts"];
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const std::string text = texts[i];
      SCOPED_TRACE(text);
      expect_same(translator.run(text), written.answers["run"][i]);
      expect_same(translator.run(text, {.beam = 1}), written.answers["greedy"][i]);
    }
  }
}

}  // namespace
}  // namespace chronicler::tasks
