// Praise or blame? A bidirectional LSTM learns it from some hundred sentences, negations included,
// and labels nine of ten unseen ones as they were meant. The program ends with status 1 if it does
// not.
//
//   example_label_texts [FILE]      FILE: opinions.tsv, by default that of the source
#include <cstdio>
#include <span>

#include <chronicler/chronicler.h>

using namespace chronicler;

int main(int argc, char** argv) {
  const auto opinions =
      data::read_labelled_texts(argc > 1 ? argv[1] : "examples/data/opinions.tsv");
  const std::size_t border = opinions.texts.size() * 4 / 5;
  const std::span texts(opinions.texts);
  const std::span labels(opinions.labels);
  const auto critic = tasks::TextClassifier::train(
      texts.first(border), labels.first(border),
      {.dropout = 0.3, .word_dropout = 0.1, .learning_rate = 5e-3, .epochs = 20});
  critic.save("critic.chronicler");

  const auto again = tasks::TextClassifier::load("critic.chronicler");
  for (const char* text : {"a delight", "The hotel isn't superb.", "not a bore at all!"}) {
    const tasks::TextLabel told = again.run(text);
    std::printf("%-4s %.2f  %s\n", told.label.c_str(), told.probability, text);
  }
  const auto score = again.evaluate(texts.subspan(border), labels.subspan(border));
  std::printf("accuracy     %.3f\nnaive Bayes  %.3f\n", score.accuracy, score.naive_bayes_accuracy);
  return score.accuracy > 0.9 ? 0 : 1;
}
