// The texts that the commands read, and the labels that they know.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "chronicler/data/labelled_texts.h"

namespace chronicler::cli::sentiment {

// --text COL --label COL
struct Columns {
  std::string text;
  std::string label;
};
void add_columns(CLI::App& app, Columns& columns);

struct ReadOptions {
  bool needs_labels = true;
  bool may_lack_labels = false;
};
// Says on standard error how many rows without a text were left out.
data::LabelledTexts read(const std::string& path, const Columns& columns,
                         const ReadOptions& options = {});

// Labels that were not learnt, by how many texts have them.
using UnknownLabels = std::map<std::string, std::int64_t>;
std::int64_t texts_of(const UnknownLabels& unknown);
// Gives each label the spelling that was learnt ("Positive" for "positive"), and returns those that
// were not learnt at all; with `strict` throws Error at the first of them.
UnknownLabels match_labels(data::LabelledTexts& texts, const std::string& path,
                           const std::vector<std::string>& known, bool strict);
// Leaves their texts out, and says so. Throws Error if none is left.
void leave_out(data::LabelledTexts& texts, const std::string& path, const UnknownLabels& unknown,
               const std::vector<std::string>& known);

// The labels that occur, each once.
std::vector<std::string> different(const std::vector<std::string>& labels);
void note_similar_labels(const std::vector<std::string>& labels);

}  // namespace chronicler::cli::sentiment
