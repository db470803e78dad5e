// Models written by 433a8ed label texts as they did there.
#include <algorithm>

#include <gtest/gtest.h>

#include "chronicler/tasks/text_classifier.h"
#include "support/written_answers.h"

namespace chronicler::tasks {
namespace {

void expect_same(const TextClassifier& classifier, const TextLabel& now,
                 const nlohmann::json& before) {
  SCOPED_TRACE(now.text);
  EXPECT_EQ(now.text, before["text"].get<std::string>());
  EXPECT_EQ(now.label, before["label"].get<std::string>());
  EXPECT_TRUE(test::same_as_written(now.probability, before["probability"]));
  ASSERT_EQ(now.probabilities.size(), classifier.labels().size());
  for (std::size_t i = 0; i < now.probabilities.size(); ++i) {
    EXPECT_TRUE(test::same_as_written(now.probabilities[i],
                                      before["probabilities"][classifier.labels()[i]]));
  }
  if (!before.contains("words")) return;
  for (const auto& word : before["words"]) {  // those that weighed most
    const std::string text = word["word"];
    EXPECT_TRUE(std::any_of(now.words.begin(), now.words.end(), [&](const TextLabel::Word& other) {
      const auto begin = static_cast<std::size_t>(other.begin);
      return now.text.substr(begin, static_cast<std::size_t>(other.end) - begin) == text &&
             test::same_as_written(other.weight, word["weight"]);
    })) << text;
  }
}

TEST(SentimentModelFiles, LabelTheSame) {
  const auto models = test::written_models("sentiment");
  ASSERT_FALSE(models.empty());
  for (const test::WrittenModel& written : models) {
    SCOPED_TRACE(written.path);
    const TextClassifier classifier = TextClassifier::load(written.path);
    const auto& texts = written.answers["texts"];
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const TextLabel now = classifier.run(texts[i].get<std::string>(), true);
      expect_same(classifier, now, written.answers["run"][i]);
    }
  }
}

}  // namespace
}  // namespace chronicler::tasks
