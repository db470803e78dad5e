// Texts and what they are translated to, from TSV, CSV or JSON lines.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace chronicler::data {

struct SentencePairsOptions {
  std::string source = {};  // the column, by its name or number from 1; empty: the first
  std::string target = {};  // likewise; empty: the second
};

struct SentencePairs {
  std::vector<std::string> sources;
  std::vector<std::string> targets;
  std::string source_column;  // where they were found: its name in quotes, or its number
  std::string target_column;
  std::int64_t skipped = 0;        // rows without a pair
  std::vector<std::string> notes;  // the first of them: file, line and why
};

// .csv as RFC 4180 (between commas, semicolons, tabs or bars, whichever its rows have; cells in
// quotes may hold line ends), .jsonl, .ndjson and .json as one object a line (the members'
// names are those of the columns); any other name as cells between tabs, quotes being part of the
// text. The first row names the columns, and is no pair, if an option is one of its cells, if both
// of its cells are names of languages or roles ("english", "de", "source_text"), or, in a .csv, if
// they are single words above rows of sentences in which they do not occur; else it is a pair. Of
// more than two columns the two are taken that have such names, if there are just two. White space
// around a text is left out. A row that is no pair (an empty side, too few cells, not UTF-8, a line
// of more than a megabyte) is left out, counted and noted: a long training does not fail for one of
// them. Throws Error for a file that cannot be read, quotes that hold several lines together and
// are not closed as they should be, an unknown column, and a file without any pair.
SentencePairs read_sentence_pairs(const std::filesystem::path& path,
                                  const SentencePairsOptions& options = {});

// Pairs of the same source (as plain text, plain_text.h) as one, with all of its targets, in the
// order of the file.
struct ReferencedSentences {
  std::vector<std::string> sources;
  std::vector<std::vector<std::string>> references;
};
ReferencedSentences by_source(const SentencePairs& pairs);

}  // namespace chronicler::data
