// The mood of a text, or any other label: a classifier learnt from a user's own labelled texts.
//
//   const data::LabelledTexts reviews = data::read_labelled_texts("reviews.tsv");
//   TextClassifier critic = TextClassifier::train(reviews.texts, reviews.labels);
//   std::cout << critic.run("a delight").label;
//   critic.save("reviews.keras");
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chronicler/data/confusion_matrix.h"
#include "chronicler/data/pieces.h"
#include "chronicler/model/functional.h"
#include "chronicler/tasks/bag_of_words.h"
#include "chronicler/tasks/task_progress.h"

namespace chronicler::tasks {

struct ClassifierReport;

// What is 0 or empty is chosen from the texts.
struct TextClassifierOptions {
  std::string level = {};  // "word", "subword", "char"; empty: char where texts are single words
  std::int64_t vocabulary = 0;  // at most so many words (20,000), or sub-words (4,000)
  std::int64_t min_count = 2;   // rarer words are unknown
  std::string vectors = {};     // a file of word vectors (GloVe) to begin with; words only
  std::int64_t embedding = 0;
  std::int64_t units = 0;     // of the LSTM in each direction
  std::int64_t networks = 0;  // of the same shape, whose mean scores count
  std::int64_t ngrams = 0;    // longest run of pieces in the bag of words
  // Longest run of a word's characters in the bag of spellings, which knows words by their parts;
  // 0: no such bag; empty: 6 for words, else none.
  std::optional<std::int64_t> spelling = {};
  std::int64_t longest = 0;  // pieces of a text that the network reads: the first and last half
  bool wide = true;          // the bags help the network
  std::optional<double> dropout = {};       // of what is read, before the classes
  std::optional<double> word_dropout = {};  // share of the words that training makes unknown
  std::optional<double> label_smoothing = {};
  std::int64_t batch_size = 0;
  double learning_rate = 0.0;
  double clipnorm = 1.0;
  std::int64_t epochs = 0;
  double max_seconds = 0.0;                     // instead of epochs, if it is above 0
  std::optional<std::int64_t> stop_after = {};  // epochs: pauses there, to go on with `resume`
  // Of the texts, some of each label, that choose the epoch; empty: a tenth, at most some 20,000.
  std::optional<double> validation_fraction = {};
  std::vector<std::string> validation_texts = {};  // instead
  std::vector<std::string> validation_labels = {};
  std::uint64_t seed = 0;
  std::string checkpoint = {};  // a file: what an interrupted training goes on from
  bool resume = false;          // goes on from the checkpoint, if there is one
  std::function<void(const ClassifierReport&)> on_start = {};
  double report_seconds = 0.5;  // at least so long between two calls of progress
  TaskProgressFunction progress = {};
};

struct ClassifierScore {
  std::vector<std::string> labels;  // of the classes
  data::ConfusionMatrix confusion{1};
  double accuracy = 0.0;
  double macro_f1 = 0.0;
  double log_loss = 0.0;           // mean of -ln p(truth)
  double calibration_error = 0.0;  // |confidence - accuracy|, over ten bins of confidence
  double majority_accuracy = 0.0;  // by the most frequent label of the training texts
  double naive_bayes_accuracy = 0.0;
  double logistic_accuracy = 0.0;
  std::int64_t texts = 0;
};

struct ClassifierReport {
  TextClassifierOptions options;  // as they were chosen
  bool finished = true;           // false: paused
  std::vector<std::string> labels;
  std::vector<std::int64_t> label_counts;  // in the training part
  std::int64_t texts = 0;
  std::int64_t bag_texts =
      0;  // of them that taught the bag of words: all, or 50 MB drawn at random
  std::int64_t validation_texts = 0;
  std::int64_t vocabulary = 0;
  std::int64_t vectors_found = 0;  // words of the vocabulary that the vectors' file has
  std::int64_t weights = 0;
  double epochs = 0.0;
  double best_epoch = 0.0;
  double seconds = 0.0;  // of training, bag of words included
  std::optional<ClassifierScore> validation = {};
};

// What a model says of a text. Of one without anything to be seen it says nothing: no label, no
// probabilities.
struct TextLabel {
  struct Word {
    std::int64_t begin = 0;  // in `text`, in bytes
    std::int64_t end = 0;
    double weight = 0.0;  // by how much ln p(label) falls when the word is unknown
  };
  std::string label = {};
  double probability = 0.0;
  std::vector<double> probabilities;  // of all labels
  std::string text = {};              // as it was read: plain (data/plain_text.h)
  std::vector<Word> words;            // in the order of the text, if asked for
};

class TextClassifier {
 public:
  // Words (or sub-words, or characters) through an embedding, a bidirectional LSTM and attention,
  // by several such networks where texts are few; added to their mean the scores of a bag of words,
  // each with the share that is best on the validation texts. Throws Error for fewer than two
  // labels, or too few texts.
  static TextClassifier train(std::span<const std::string> texts,
                              std::span<const std::string> labels,
                              TextClassifierOptions options = {});

  TextLabel run(std::string_view text, bool with_words = false) const;
  std::vector<TextLabel> run(std::span<const std::string> texts) const;
  // Throws Error for a label that the model does not know. Labels are plain names
  // (data/plain_text.h), here as in training.
  ClassifierScore evaluate(std::span<const std::string> texts,
                           std::span<const std::string> labels) const;

  // A model file; vocabulary, labels and bag of words are among its assets.
  void save(const std::string& path) const;
  // Throws Error for a model that is not a text classifier's.
  static TextClassifier load(const std::string& path);

  const std::vector<std::string>& labels() const;
  const Model& model() const { return *model_; }
  const ClassifierReport& report() const { return report_; }

 private:
  struct Reader;
  TextClassifier(std::shared_ptr<const Reader> reader, std::shared_ptr<Model> model,
                 ClassifierReport report);

  std::shared_ptr<const Reader> reader_;  // from texts to what the network takes
  std::shared_ptr<Model> model_;
  ClassifierReport report_;
};

}  // namespace chronicler::tasks
