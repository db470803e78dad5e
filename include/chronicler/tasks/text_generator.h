// Writing text: a recurrent language model of a user's own text, from the file to new lines.
//
//   TextGenerator writer = TextGenerator::train(data::read_text("shakespeare.txt"));
//   std::cout << writer.run({.prompt = "ROMEO:", .length = 300});
//   writer.save("shakespeare.keras");
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chronicler/base/fields.h"
#include "chronicler/data/pieces.h"
#include "chronicler/decoding/sampling.h"
#include "chronicler/model/adapt_options.h"
#include "chronicler/model/functional.h"
#include "chronicler/tasks/recurrent_cell.h"
#include "chronicler/tasks/task_progress.h"

namespace chronicler::tasks {

struct GeneratorReport;

// What is 0 or empty is chosen from the length of the text and the time there is.
struct TextGeneratorOptions {
  std::string level = "char";
  std::int64_t vocabulary = 0;
  std::string cell = "lstm";
  std::int64_t units = 0;
  std::int64_t layers = 0;
  std::int64_t embedding = 0;
  std::int64_t networks = 1;
  std::optional<double> dropout = {};
  std::int64_t batch_size = 0;
  std::int64_t steps = 0;
  double learning_rate = 0.0;
  double weight_decay = 0.01;
  double clipnorm = 1.0;
  double epochs = 0.0;
  double max_seconds = 0.0;
  std::optional<std::int64_t> stop_after = {};
  std::string memory_budget = {};  // "64MB": see FitOptions
  std::optional<double> validation_fraction = {};
  std::string validation_text = {};  // instead of the last part
  std::uint64_t seed = 0;
  std::string checkpoint = {};  // a file: what an interrupted training goes on from
  bool resume = false;          // goes on from the checkpoint, if there is one
  // Called once with what was chosen, before the first step.
  std::function<void(const GeneratorReport&)> on_start = {};
  double report_seconds = 0.5;  // at least so long between two calls of progress
  TaskProgressFunction progress = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = TextGeneratorOptions;
    visit("level", &Options::level, one_of({"char", "subword"}), "pieces of the text");
    visit("vocabulary", &Options::vocabulary, between(16, 60'000), "number of sub-words",
          {.default_text = "from the text"});
    visit("cell", &Options::cell, one_of_cells(), "the recurrent layer");
    visit("units", &Options::units, between(1, 8192), "units of each recurrent layer",
          {.default_text = "from the text and the time"});
    visit("layers", &Options::layers, between(1, 16), "recurrent layers", {.default_text = "2"});
    visit("embedding", &Options::embedding, between(1, 8192), "size of a piece's embedding",
          {.default_text = "64; sub-words 256"});
    visit("networks", &Options::networks, between(1, 64),
          "networks, trained one after the other, whose predictions are averaged");
    visit("dropout", &Options::dropout, share_below(1.0), "dropout rate between the layers",
          {.default_text = "from the number of epochs"});
    visit("batch_size", &Options::batch_size, between(1, 4096),
          "passages of the text that are read side by side",
          {.default_text = "12; 8 for short texts"});
    visit("steps", &Options::steps, between(1, 4096), "pieces that backpropagation goes back",
          {.default_text = "64"});
    visit("learning_rate", &Options::learning_rate, above(0.0),
          "peak of the learning-rate schedule", {.default_text = "0.008; 0.004 above 300 units"});
    visit("weight_decay", &Options::weight_decay, at_least(0.0), "AdamW's weight decay");
    visit("clipnorm", &Options::clipnorm, above(0.0), "the largest norm of a step's gradients");
    visit("validation_fraction", &Options::validation_fraction, share_below(1.0),
          "share of the text, its last part, that validates",
          {.default_text = "0.1, at most 1 MB"});
    visit("seed", &Options::seed, at_least(0), "fixes weights, order and noise");
    visit("epochs", &Options::epochs, above(0.0), "passes over the text",
          {.default_text = "from its length", .is_of_run = true});
    visit_run_fields<Options>(visit);
  }
};

// How a text is scored besides.
struct TextScoreOptions {
  bool adapt = false;
  double learning_rate = AdaptOptions{}.learning_rate;
  double decay = AdaptOptions{}.decay;
  std::int64_t steps = AdaptOptions{}.steps;

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = TextScoreOptions;
    visit("adapt", &Options::adapt, any_value(),
          "scores the text a second time, with a copy of the model that keeps learning while it "
          "reads; the model stays as it is");
    visit("learning_rate", &Options::learning_rate, above(0.0),
          "size of a step of the weights while they adapt");
    visit("decay", &Options::decay, between(0.0, 1.0),
          "share by which such a step draws a weight back to where training left it");
    visit("steps", &Options::steps, between(1, 100'000),
          "pieces that are learnt from at a time while the model adapts");
  }
};

// A model's cross-entropy on a text.
struct TextScore {
  double nats = 0.0;        // a character, in one pass with the state carried
  double cold_nats = 0.0;   // the same in windows of 256 pieces, each from a state of zeros
  double bits = 0.0;        // nats / ln 2
  double perplexity = 0.0;  // of a character: e^nats
  std::int64_t characters = 0;
  std::int64_t pieces = 0;
  std::int64_t unknown = 0;  // characters that the training text did not have
  // As `nats`, of a copy of the model that learns while it reads; empty unless asked for.
  std::optional<double> adapted_nats = {};
};

struct GeneratorReport {
  TextGeneratorOptions options;  // as they were chosen
  bool finished = true;          // false: paused
  std::int64_t characters = 0;   // of the training part
  std::int64_t vocabulary = 0;   // pieces
  std::int64_t weights = 0;
  std::int64_t validation_characters = 0;
  std::optional<TextScore> validation = {};  // none if there is no such text, or it was stopped
  double ngram_nats = 0.0;  // a character of the validation part; the best order on it
  int ngram_order = 0;
  double uniform_nats = 0.0;
  double epochs = 0.0;
  double best_epoch = 0.0;  // whose weights were kept; 0: the last, as nothing validates
  double seconds = 0.0;     // of training
  double characters_per_second = 0.0;
};

// What a fold of a cross-validation measured.
struct GeneratorFold {
  TextScore score;
  double ngram_nats = 0.0;  // a character; the best order on the fold's text
  double uniform_nats = 0.0;
};

struct RunOptions {
  std::string prompt = {};
  std::int64_t length = 500;
  decoding::SamplingOptions sampling = {};
  std::string stop = {};
  std::string weights = "float32";  // see StreamOptions
  // Called with each new piece of text as it is made, always whole characters; false ends the text.
  std::function<bool(std::string_view)> on_text = {};

  // But those of `sampling`, which has a table of its own.
  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = RunOptions;
    visit("prompt", &Options::prompt, any_value(), "what the text begins with",
          {.default_text = "a new line"});
    visit("length", &Options::length, at_least(0), "characters to write");
    visit("stop", &Options::stop, any_value(), "ends before this text");
    visit("weights", &Options::weights, one_of({"float32", "bfloat16"}),
          "type of the weights, of which bfloat16 is rounded, and up to four times as fast where "
          "they are many");
  }
};

class TextGenerator {
 public:
  // Pieces, embedding, LSTMs with dropout between them, and the embedding again as the way back to
  // pieces. Learns by truncated backpropagation over the whole text, states carried from batch to
  // batch (AdamW), and keeps the weights that were best on validation text. Throws Error for a text
  // that is too short.
  static TextGenerator train(std::string_view text, TextGeneratorOptions options = {});

  // The scores of K = 2 to 20 folds of the text's paragraphs, or its lines where those are few,
  // drawn by the seed: each is scored by a model that has learnt from all others. A run that is
  // paused gives the folds before. Throws Error for fewer lines than folds.
  static std::vector<GeneratorFold> cross_validate(std::string_view text,
                                                   const TextGeneratorOptions& options,
                                                   std::int64_t folds);

  // Text that follows the prompt, without it.
  std::string run(const RunOptions& options = {}) const;
  TextScore evaluate(std::string_view text, const TextScoreOptions& options = {}) const;

  // A model file; vocabulary and what was chosen are among its assets.
  void save(const std::string& path) const;
  // Throws Error for a model that is not a text generator's.
  static TextGenerator load(const std::string& path);

  const data::Pieces& pieces() const { return pieces_; }
  const Model& model() const { return *model_; }
  // Of the training; only options, validation and baselines are known of a loaded model.
  const GeneratorReport& report() const { return report_; }

 private:
  TextGenerator(data::Pieces pieces, std::shared_ptr<Model> model, GeneratorReport report);

  data::Pieces pieces_;
  std::shared_ptr<Model> model_;  // ids (B, T) to scores (B, T, pieces)
  GeneratorReport report_;
};

// The longest passage of a text that also stands in another one; where there are several, the
// first.
std::string_view longest_copy(std::string_view text, std::string_view original);

}  // namespace chronicler::tasks
