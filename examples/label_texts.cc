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
  const auto critic = tasks::TextClassifier::train(texts.first(border), labels.first(border),
                                                   {.embedding = 16,
                                                    .units = 24,
                                                    .dropout = 0.2,
                                                    .word_dropout = 0.05,
                                                    .batch_size = 16,
                                                    .learning_rate = 1e-2,
                                                    .epochs = 20});
  critic.save("critic.chronicler");

  const auto again = tasks::TextClassifier::load("critic.chronicler");
  for (const char* text : {"a delight", "The hotel isn't superb.", "not a bore at all!"}) {
    const tasks::TextLabel found = again.run(text);
    std::printf("%-4s %.2f  %s\n", found.label.c_str(), found.probability, text);
  }
  const auto score = again.evaluate(texts.subspan(border), labels.subspan(border));
  std::printf("accuracy     %.3f\nnaive Bayes  %.3f\n", score.accuracy, score.naive_bayes_accuracy);
  return score.accuracy > 0.9 ? 0 : 1;
}
