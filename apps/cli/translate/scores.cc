#include "cli/translate/scores.h"

#include <algorithm>
#include <iostream>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "chronicler/data/bleu.h"
#include "chronicler/tasks/translation_memory.h"
#include "cli/console.h"
#include "cli/table.h"

namespace chronicler::cli::translate {
namespace {

std::string percent(double share) { return fmt::format("{:.1f} %", 100.0 * share); }

std::string verdict(const Scores& scores) {
  std::pair<std::string, double> best{"the source itself", scores.copy_bleu};
  if (scores.memory_bleu && *scores.memory_bleu > best.second)
    best = {"a translation memory", *scores.memory_bleu};
  return fmt::format("The model {} {} (BLEU {:.1f} against {:.1f}).",
                     scores.beam.bleu > best.second ? "beats" : "does not beat", best.first,
                     scores.beam.bleu, best.second);
}

std::vector<std::string> row_of(std::string name, const tasks::TranslatorScore& score) {
  return {std::move(name), fmt::format("{:.2f}", score.bleu), fmt::format("{:.2f}", score.chrf),
          percent(score.exact), percent(score.word_error)};
}

}  // namespace

void add_columns(CLI::App& app, Columns& columns) {
  app.add_option("--source", columns.source, "the column to translate from: name or number (1)")
      ->type_name("COL");
  app.add_option("--target", columns.target, "the column to translate to (2)")->type_name("COL");
}

data::SentencePairs read_pairs(const std::string& path, const Columns& columns) {
  data::SentencePairs pairs =
      data::read_sentence_pairs(path, {.source = columns.source, .target = columns.target});
  for (const std::string& note : pairs.notes)
    std::cerr << fmt::format("note: {}; left out\n", note);
  const auto noted = static_cast<std::int64_t>(pairs.notes.size());
  if (pairs.skipped > noted) {
    std::cerr << fmt::format("note: {} more rows of \"{}\" are no pairs and are left out\n",
                             with_commas(pairs.skipped - noted), path);
  }
  return pairs;
}

Scores scores_of(const tasks::Translator& translator, const data::SentencePairs& test,
                 const tasks::TranslateOptions& options, const data::SentencePairs* known) {
  Scores scores;
  scores.sentences = data::by_source(test);
  scores.width = options.beam;
  const auto& [sources, references] = scores.sentences;
  scores.beam = translator.evaluate(sources, references, options);
  scores.greedy = options.beam == 1
                      ? scores.beam
                      : translator.evaluate(sources, references,
                                            {.beam = 1, .length_penalty = options.length_penalty});
  scores.copy_bleu = scores.beam.copy_bleu;
  if (known != nullptr) {
    const tasks::TranslationMemory memory(known->sources, known->targets);
    scores.memory_bleu = data::corpus_bleu(memory.run(sources), references).score;
  }
  return scores;
}

void print_scores(const Scores& scores) {
  std::cout << bold(verdict(scores), std::cout) << "\n\n";
  insight::ReportTable table;
  table.header = {fmt::format("test, {} sentences", with_commas(scores.beam.sentences)), "BLEU",
                  "chrF2", "exactly right", "word errors"};
  if (scores.width > 1)
    table.rows.push_back(row_of(fmt::format("this model, beam of {}", scores.width), scores.beam));
  table.rows.push_back(row_of("this model, greedy", scores.greedy));
  const auto baseline = [&](const char* name, double bleu) {
    table.rows.push_back({name, fmt::format("{:.2f}", bleu), "", "", ""});
  };
  if (scores.memory_bleu) baseline("translation memory", *scores.memory_bleu);
  baseline("the source itself", scores.copy_bleu);
  std::cout << to_text(table) << '\n';
  std::cout << "  " << scores.beam.bleu_signature << " as sacreBLEU (13a, cased)\n\n";
  if (scores.beam.unknown > 0) {
    std::cerr << fmt::format(
        "note: {} pieces of the sources do not occur in what the model learnt from\n",
        with_commas(scores.beam.unknown));
  }
  constexpr std::size_t shown = 8;
  const std::size_t count = scores.sentences.sources.size();
  for (std::size_t i = 0; i < std::min(shown, count); ++i) {
    const std::size_t place = i * count / std::min(shown, count);
    std::cout << fmt::format("  {}\n    -> {}\n     = {}\n", scores.sentences.sources[place],
                             scores.beam.translations[place],
                             scores.sentences.references[place].front());
  }
}

void add_scores(nlohmann::ordered_json& json, const Scores& scores) {
  json["bleu"] = scores.beam.bleu;
  json["chrf"] = scores.beam.chrf;
  json["exact"] = scores.beam.exact;
  json["word_error"] = scores.beam.word_error;
  json["beam"] = scores.width;
  json["greedy_bleu"] = scores.greedy.bleu;
  json["greedy_chrf"] = scores.greedy.chrf;
  json["greedy_exact"] = scores.greedy.exact;
  json["greedy_word_error"] = scores.greedy.word_error;
  if (scores.memory_bleu) json["memory_bleu"] = *scores.memory_bleu;
  json["copy_bleu"] = scores.copy_bleu;
  json["bleu_signature"] = scores.beam.bleu_signature;
  json["sentences"] = scores.beam.sentences;
  json["cut_off"] = scores.beam.cut_off;
  json["unknown"] = scores.beam.unknown;
  json["translate_seconds"] = scores.beam.seconds;
}

}  // namespace chronicler::cli::translate
