#include <gtest/gtest.h>

#include "chronicler/tasks/text_classifier.h"

namespace chronicler::tasks {
namespace {

// Of very many texts a tenth would take longer to ask than anybody waits.
TEST(TextClassifier, FewOfManyTextsValidate) {
  std::vector<std::string> texts;
  std::vector<std::string> labels;
  for (int i = 0; i < 240'000; ++i) {
    texts.emplace_back(i % 2 == 0 ? "good" : "bad");
    labels.emplace_back(i % 2 == 0 ? "good" : "bad");
  }
  TextClassifierOptions options;
  options.networks = 1;
  options.units = 4;
  options.embedding = 4;
  options.epochs = 1;
  options.report_seconds = 0.0;
  options.progress = [](const TaskProgress&) { return false; };
  const TextClassifier stopped = TextClassifier::train(texts, labels, options);
  EXPECT_EQ(stopped.report().validation_texts, 20'000);
  EXPECT_EQ(stopped.report().texts, 220'000);
}

}  // namespace
}  // namespace chronicler::tasks
