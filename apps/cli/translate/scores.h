// How well a model translates, compared with baselines that need no model.
#pragma once

#include <optional>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "chronicler/data/sentence_pairs.h"
#include "chronicler/tasks/translator.h"

namespace chronicler::cli::translate {

struct Columns {
  std::string source;
  std::string target;
};
void add_columns(CLI::App& app, Columns& columns);
// Says on standard error which rows are left out.
data::SentencePairs read_pairs(const std::string& path, const Columns& columns);

struct Scores {
  tasks::TranslatorScore beam;
  tasks::TranslatorScore greedy;
  std::int64_t width = 0;             // of the beam; 1: greedy alone
  std::optional<double> memory_bleu;  // of a translation memory
  double copy_bleu = 0.0;
  data::ReferencedSentences sentences;
};

// `known`: pairs for the translation memory; null: none.
Scores scores_of(const tasks::Translator& translator, const data::SentencePairs& test,
                 const tasks::TranslateOptions& options, const data::SentencePairs* known);
void print_scores(const Scores& scores);
void add_scores(nlohmann::ordered_json& json, const Scores& scores);

}  // namespace chronicler::cli::translate
