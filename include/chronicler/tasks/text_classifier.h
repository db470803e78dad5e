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

#include "chronicler/base/fields.h"
#include "chronicler/data/confusion_matrix.h"
#include "chronicler/data/pieces.h"
#include "chronicler/model/functional.h"
#include "chronicler/tasks/bag_of_words.h"
#include "chronicler/tasks/task_progress.h"

namespace chronicler::tasks {

struct ClassifierReport;

// What is 0 or empty is chosen from the texts; fields() says what each option is.
struct TextClassifierOptions {
  std::string level = {};
  std::int64_t vocabulary = 0;
  std::int64_t min_count = 2;
  std::string vectors = {};
  std::int64_t embedding = 0;
  std::int64_t units = 0;
  std::int64_t networks = 0;
  std::int64_t ngrams = 0;
  std::optional<std::int64_t> spelling = {};
  std::int64_t longest = 0;
  bool wide = true;
  std::optional<double> dropout = {};
  std::optional<double> word_dropout = {};
  std::optional<double> label_smoothing = {};
  std::int64_t batch_size = 0;
  double learning_rate = 0.0;
  double clipnorm = 1.0;
  std::int64_t epochs = 0;
  double max_seconds = 0.0;
  std::optional<std::int64_t> stop_after = {};
  std::string memory_budget = {};  // "64MB": see FitOptions
  std::optional<double> validation_fraction = {};
  std::vector<std::string> validation_texts = {};  // instead of a share of the texts
  std::vector<std::string> validation_labels = {};
  std::uint64_t seed = 0;
  std::string checkpoint = {};  // a file: what an interrupted training goes on from
  bool resume = false;          // goes on from the checkpoint, if there is one
  std::function<void(const ClassifierReport&)> on_start = {};
  double report_seconds = 0.5;  // at least so long between two calls of progress
  TaskProgressFunction progress = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = TextClassifierOptions;
    visit("level", &Options::level, one_of({"word", "subword", "char"}), "pieces of the texts",
          {.default_text = "char where they are single words, else word"});
    visit("vectors", &Options::vectors, any_value(),
          "a file of pretrained word vectors, in GloVe's text format");
    visit("vocabulary", &Options::vocabulary, between(1, 1'000'000),
          "most words (or sub-words, or characters) that it knows",
          {.default_text = "20,000; sub-words 4,000; characters 2,000"});
    visit("min_count", &Options::min_count, between(1, 1'000'000),
          "words that come less often are unknown");
    visit("embedding", &Options::embedding, between(1, 8192), "size of a word's embedding",
          {.default_text = "64; characters 32"});
    visit("units", &Options::units, between(1, 8192), "units of the LSTM in each direction",
          {.default_text = "64; characters 96"});
    visit("networks", &Options::networks, between(1, 64), "networks whose predictions are averaged",
          {.default_text = "4; 2 or 1 where texts are many"});
    visit("ngrams", &Options::ngrams, between(1, 8), "longest n-gram of the bag of words",
          {.default_text = "2; characters 4"});
    visit("spelling", &Options::spelling, between(0, 16),
          "longest run of a word's characters in the bag of spellings, which knows words by their "
          "parts; 0: no such bag",
          {.default_text = "6 for words, else 0"});
    visit("longest", &Options::longest, between(1, 100'000),
          "words that the network reads of a text: its first and last half",
          {.default_text = "600"});
    visit("wide", &Options::wide, any_value(), "linear scores of the bags beside the network");
    visit("dropout", &Options::dropout, share_below(1.0),
          "dropout rate of what was read; of the embeddings half of it",
          {.default_text = "0.6; characters 0.3"});
    visit("word_dropout", &Options::word_dropout, share_below(1.0),
          "share of the words that training replaces by the unknown word",
          {.default_text = "0.4; characters 0.05"});
    visit("label_smoothing", &Options::label_smoothing, share_below(1.0),
          "share of a label that is spread over all", {.default_text = "0.1; characters 0"});
    visit("batch_size", &Options::batch_size, between(1, 4096), "texts in a batch",
          {.default_text = "32"});
    visit("learning_rate", &Options::learning_rate, above(0.0),
          "peak of the learning-rate schedule", {.default_text = "0.0015; characters 0.002"});
    visit("clipnorm", &Options::clipnorm, above(0.0), "the largest norm of a step's gradients");
    visit("validation_fraction", &Options::validation_fraction, share_below(1.0),
          "share of the texts, some of each label, that choose the epoch",
          {.default_text = "a tenth, at most 20,000 texts"});
    visit("seed", &Options::seed, at_least(0), "fixes weights, order and noise");
    visit("epochs", &Options::epochs, between(1, 10'000), "passes over the texts",
          {.default_text = "from their number"});
    visit_run_fields<Options>(visit);
  }
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

  // The scores of K = 2 to 20 folds of the texts, drawn by the seed, each with its share of every
  // label: each is labelled by a model that has learnt from all others. A run that is paused gives
  // the folds before. Throws Error for fewer texts than folds, and a label of a single text.
  static std::vector<ClassifierScore> cross_validate(std::span<const std::string> texts,
                                                     std::span<const std::string> labels,
                                                     const TextClassifierOptions& options,
                                                     std::int64_t folds);

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
