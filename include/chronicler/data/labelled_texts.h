// Texts and what they are labelled with, from CSV, TSV or JSON lines.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace chronicler::data {

struct LabelledTextsOptions {
  std::string text = {};         // the column or member; empty: found by its name or its content
  std::string label = {};        // likewise
  bool needs_labels = true;      // false: labels may be missing, as where they are to be predicted
  bool may_lack_labels = false;  // where they are needed: rows without one are left out, not errors
};

struct LabelledTexts {
  std::vector<std::string> texts;
  std::vector<std::string> labels;  // one for each text, or none at all
  std::vector<std::int64_t> lines;  // where each is in the file, from 1
  std::string text_column;          // where they were found; "column_1" in files without a header
  std::string label_column;
  std::int64_t skipped = 0;     // rows without a text
  std::int64_t unlabelled = 0;  // rows with a text, but without a label, that were left out
};

// The file is streamed: what is kept is texts and labels. .csv is read as RFC 4180 (between commas,
// semicolons, tabs or bars, whichever its rows have; csv_rows.h), .tsv as cells between tabs
// (quotes are part of the text), .jsonl, .ndjson and .json as one object a line; any other name,
// and "-", as one text a line, which has no labels, or as .tsv where labels are needed. A
// byte-order mark and line ends of any system are left out. Labels and names of columns are plain
// text without spaces around it (plain_text.h); texts stay as they are written. Columns that are
// not named are those with usual names (text, review, sentence, ...; label, sentiment, class, ...),
// else the label is the column with fewest different cells and the text the longest one; without a
// header the first row is data. Throws Error, with file, line and column, for what cannot be read
// or is not UTF-8, an empty file, rows of unequal length, unknown columns (with the nearest names)
// and missing labels.
LabelledTexts read_labelled_texts(const std::filesystem::path& path,
                                  const LabelledTextsOptions& options = {});

}  // namespace chronicler::data
