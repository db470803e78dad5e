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
  std::int64_t skipped = 0;        // rows without a pair
  std::vector<std::string> notes;  // the first of them: file, line and why
};

// Cells between tabs, quotes being part of the text; .csv as RFC 4180. The first row names the
// columns if an option is one of its cells; else it is a pair. White space around a text is left
// out. A row that is no pair (an empty side, too few cells, not UTF-8, a line of more than a
// megabyte) is left out, counted and noted: a long training does not fail for one of them. Throws
// Error for a file that cannot be read, an unknown column, and a file without any pair.
SentencePairs read_sentence_pairs(const std::filesystem::path& path,
                                  const SentencePairsOptions& options = {});

// Pairs of the same source as one, with all of its targets, in the order of the file.
struct ReferencedSentences {
  std::vector<std::string> sources;
  std::vector<std::vector<std::string>> references;
};
ReferencedSentences by_source(const SentencePairs& pairs);

}  // namespace chronicler::data
