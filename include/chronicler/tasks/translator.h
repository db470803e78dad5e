// From one language to another, or from any sequence to another: learnt from a user's own pairs.
//
//   const data::SentencePairs pairs = data::read_sentence_pairs("eng-fra.tsv");
//   Translator translator = Translator::train(pairs.sources, pairs.targets);
//   std::cout << translator.run("I am here.").text;
//   translator.save("eng-fra.keras");
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
#include "chronicler/model/functional.h"
#include "chronicler/tasks/task_progress.h"

namespace chronicler::tasks {

struct TranslatorReport;

// What is 0 or empty is chosen from the pairs.
struct TranslatorOptions {
  std::string source_level = {};
  std::string target_level = {};
  std::int64_t vocabulary = 0;
  std::int64_t embedding = 0;
  std::int64_t units = 0;
  std::int64_t layers = 0;
  std::string attention = "dot";
  std::int64_t networks = 1;
  std::optional<double> dropout = {};
  double label_smoothing = 0.1;
  std::int64_t batch_pieces = 0;
  std::int64_t longest = 0;
  double learning_rate = 0.0;
  double clipnorm = 1.0;
  double epochs = 0.0;
  double max_seconds = 0.0;
  std::optional<std::int64_t> stop_after = {};
  std::string memory_budget = {};  // "64MB": see FitOptions
  double validation_fraction = 0.02;
  std::vector<std::string> validation_sources = {};  // instead of a share of the pairs
  std::vector<std::string> validation_targets = {};
  std::uint64_t seed = 0;
  std::string checkpoint = {};  // a file: what an interrupted training goes on from
  bool resume = false;          // goes on from the checkpoint, if there is one
  std::function<void(const TranslatorReport&)> on_start = {};
  double report_seconds = 0.5;  // at least so long between two calls of progress
  TaskProgressFunction progress = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = TranslatorOptions;
    const FieldRange levels = one_of({"subword", "char", "word"});
    visit("source_level", &Options::source_level, levels, "pieces of a source",
          {.default_text = "char where sources are single words, else subword"});
    visit("target_level", &Options::target_level, levels, "pieces of a target",
          {.default_text = "word where there are few different ones, else as the source"});
    visit("vocabulary", &Options::vocabulary, between(16, 60'000),
          "sub-words of both sides together", {.default_text = "from the pairs"});
    visit("embedding", &Options::embedding, between(1, 8192), "size of a piece's embedding",
          {.default_text = "from the pairs"});
    visit("units", &Options::units, between(1, 8192), "units of each LSTM",
          {.default_text = "from the pairs"});
    visit("layers", &Options::layers, between(1, 16),
          "LSTM layers of the encoder, each in both directions",
          {.default_text = "1; characters and words 2"});
    visit("attention", &Options::attention, one_of({"dot", "additive"}),
          "score function of the attention");
    visit("networks", &Options::networks, between(1, 64),
          "networks, trained one after the other, whose predictions are averaged");
    visit("dropout", &Options::dropout, share_below(1.0), "dropout rate between the layers",
          {.default_text = "0.4; characters and words 0.3"});
    visit("label_smoothing", &Options::label_smoothing, share_below(1.0),
          "share of a piece that is spread over all");
    visit("batch_pieces", &Options::batch_pieces, between(1, 1'000'000),
          "most pieces of both sides in a batch", {.default_text = "2,000; few pairs 500"});
    visit("longest", &Options::longest, between(1, 100'000),
          "pairs with more pieces on a side are left out", {.default_text = "128"});
    visit("learning_rate", &Options::learning_rate, above(0.0),
          "peak of the learning-rate schedule", {.default_text = "0.002"});
    visit("clipnorm", &Options::clipnorm, above(0.0), "the largest norm of a step's gradients");
    visit("validation_fraction", &Options::validation_fraction, share_below(1.0),
          "share of the pairs, by their sources, that chooses the epoch");
    visit("seed", &Options::seed, at_least(0), "fixes weights, order and noise");
    visit("epochs", &Options::epochs, above(0.0), "passes over the pairs",
          {.default_text = "from their number", .is_of_run = true});
    visit_run_fields<Options>(visit);
  }
};

struct TranslatorReport {
  TranslatorOptions options;  // as they were chosen
  bool finished = true;       // false: paused
  std::int64_t pairs = 0;     // of the training part
  std::int64_t validation_pairs = 0;
  std::int64_t too_long = 0;    // pairs that were left out
  std::int64_t vocabulary = 0;  // pieces of both sides
  std::int64_t weights = 0;
  double epochs = 0.0;
  double best_epoch = 0.0;
  double seconds = 0.0;
  double pieces_per_second = 0.0;
  std::optional<double> validation_nats = {};  // a piece, of the weights that were kept
};

// How a translation is searched for.
struct TranslateOptions {
  std::int64_t beam = 5;
  double length_penalty = 1.0;

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = TranslateOptions;
    visit("beam", &Options::beam, between(1, 1000), "width of the beam search; 1: greedy");
    visit("length_penalty", &Options::length_penalty, between(0.0, 5.0),
          "0 prefers short translations, 1 the best mean");
  }
};

struct Translation {
  std::string text;
  double log_probability = 0.0;
  bool ended = true;                       // false: cut off, as it grew without an end
  std::int64_t unknown = 0;                // pieces of the source that were never learnt
  std::vector<std::string> source_pieces;  // the end included
  std::vector<std::string> target_pieces;
  std::vector<float> attention;  // (target pieces, source pieces); rows sum to 1
};

struct TranslatorScore {
  double bleu = 0.0;  // sacreBLEU's (data/bleu.h)
  std::string bleu_signature;
  double chrf = 0.0;        // sacreBLEU's chrF2 (data/chrf.h)
  double exact = 0.0;       // share of sentences that are one of their references
  double word_error = 0.0;  // edits for each word of the nearest reference
  double copy_bleu = 0.0;   // of the sources themselves
  // Of a translation memory of the training's pairs (tasks/translation_memory.h): in a
  // cross-validation only, files do not keep the pairs.
  std::optional<double> memory_bleu = {};
  std::int64_t sentences = 0;
  std::int64_t cut_off = 0;  // translations that did not end
  std::int64_t unknown = 0;  // pieces of the sources that were never learnt
  double seconds = 0.0;
  std::vector<std::string> translations = {};
};

class Translator {
 public:
  // A bidirectional LSTM reads the source; two LSTMs write the target, the second of which sees
  // what the first one's attention found; what they write goes back through the table of pieces.
  // Throws Error for too few pairs.
  static Translator train(std::span<const std::string> sources,
                          std::span<const std::string> targets, TranslatorOptions options = {});

  // The scores of K = 2 to 20 folds of the pairs, drawn by the seed, those of one source in one
  // fold: each is translated by a model that has learnt from all others. A run that is paused gives
  // the folds before. Throws Error for fewer sources than folds.
  static std::vector<TranslatorScore> cross_validate(std::span<const std::string> sources,
                                                     std::span<const std::string> targets,
                                                     const TranslatorOptions& options,
                                                     std::int64_t folds);

  // Texts are read as lines of plain text (data/plain_text.h), here as in training; nothing is
  // translated to nothing.
  Translation run(std::string_view text, const TranslateOptions& options = {}) const;
  // Many at once are many times faster.
  std::vector<Translation> run(std::span<const std::string> texts,
                               const TranslateOptions& options = {}) const;
  // references[i]: one or more translations of sources[i].
  TranslatorScore evaluate(std::span<const std::string> sources,
                           std::span<const std::vector<std::string>> references,
                           const TranslateOptions& options = {}) const;

  // A model file; the vocabulary is among its assets.
  void save(const std::string& path) const;
  // Throws Error for a model that does not translate.
  static Translator load(const std::string& path);

  const Model& model() const;
  const TranslatorReport& report() const { return report_; }

 private:
  struct Parts;
  Translator(std::shared_ptr<const Parts> parts, TranslatorReport report);

  std::shared_ptr<const Parts> parts_;
  TranslatorReport report_;
};

}  // namespace chronicler::tasks
