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

#include "chronicler/model/functional.h"
#include "chronicler/tasks/task_progress.h"

namespace chronicler::tasks {

struct TranslatorReport;

// What is 0 or empty is chosen from the pairs.
struct TranslatorOptions {
  // "subword", "char" or "word" (what stands between spaces). Empty: sub-words; characters for
  // sources of single words, words for targets of few different ones (sounds).
  std::string source_level = {};
  std::string target_level = {};
  std::int64_t vocabulary = 0;    // sub-words of both languages together
  std::int64_t embedding = 0;     // length of a piece's vector
  std::int64_t units = 0;         // of each LSTM
  std::int64_t layers = 0;        // of the encoder, each in both directions
  std::string attention = "dot";  // or "additive"
  std::int64_t networks = 1;      // trained one after the other; the mean of their ln p counts
  std::optional<double> dropout = {};
  double label_smoothing = 0.1;
  std::int64_t batch_pieces = 0;  // at most so many pieces of both sides in a batch
  std::int64_t longest = 0;       // pairs with more pieces on a side are left out
  double learning_rate = 0.0;     // the highest; warm-up, then half a cosine
  double clipnorm = 1.0;          // of the whole gradient
  double epochs = 0.0;
  double max_seconds = 0.0;  // ends the run, and the schedule, then; overrides epochs
  std::optional<std::int64_t> stop_after = {};  // epochs: pauses there, to go on with `resume`
  double validation_fraction = 0.02;  // of the pairs, by their sources; they choose the epoch
  std::vector<std::string> validation_sources = {};  // instead
  std::vector<std::string> validation_targets = {};
  std::uint64_t seed = 0;
  std::string checkpoint = {};  // a file: what an interrupted training goes on from
  bool resume = false;          // goes on from the checkpoint, if there is one
  std::function<void(const TranslatorReport&)> on_start = {};
  double report_seconds = 0.5;  // at least so long between two calls of progress
  TaskProgressFunction progress = {};
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

struct TranslateOptions {
  std::int64_t beam = 5;  // hypotheses that are followed; 1: greedy
  double length_penalty = 1.0;
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
