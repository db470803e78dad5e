// Models written by 433a8ed foretell a text, and write, as they did there.
#include <gtest/gtest.h>

#include "chronicler/tasks/text_generator.h"
#include "support/written_answers.h"

namespace chronicler::tasks {
namespace {

TEST(GenerateModelFiles, ForetellAndWriteTheSame) {
  const auto models = test::written_models("generate");
  ASSERT_FALSE(models.empty());
  for (const test::WrittenModel& written : models) {
    SCOPED_TRACE(written.path);
    const TextGenerator writer = TextGenerator::load(written.path);
    const TextScore score = writer.evaluate(written.answers["text"].get<std::string>());
    const auto& before = written.answers["evaluate"];
    EXPECT_TRUE(test::same_as_written(score.nats, before["nats"]));
    EXPECT_TRUE(test::same_as_written(score.cold_nats, before["cold_nats"]));
    EXPECT_EQ(score.pieces, before["pieces"].get<std::int64_t>());
    EXPECT_EQ(score.unknown, before["unknown"].get<std::int64_t>());
    for (const auto& text : written.answers["run"]) {
      RunOptions options{.prompt = text["prompt"], .length = text["characters"]};
      options.sampling.temperature = text["temperature"];
      options.sampling.seed = text["seed"];
      EXPECT_EQ(writer.run(options), text["text"].get<std::string>());
    }
  }
}

}  // namespace
}  // namespace chronicler::tasks
