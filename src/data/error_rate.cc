#include "chronicler/data/error_rate.h"

#include <algorithm>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler::data {
namespace {

using Symbols = std::vector<std::string_view>;

Symbols words_of(std::string_view text) {
  constexpr std::string_view spaces = " \t\n\v\f\r";
  Symbols words;
  for (std::size_t begin = text.find_first_not_of(spaces); begin != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(spaces, begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = text.find_first_not_of(spaces, end);
  }
  return words;
}

// A byte that begins no code point is one by itself.
Symbols characters_of(std::string_view text) {
  Symbols characters;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = begin + 1;
    const auto first = static_cast<unsigned char>(text[begin]);
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
    while (end < text.size() && end < begin + length &&
           (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) {
      ++end;
    }
    characters.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return characters;
}

bool is_better(const EditCounts& a, const EditCounts& b) {
  return a.edits() != b.edits() ? a.edits() < b.edits() : a.substitutions > b.substitutions;
}

EditCounts count_edits(const Symbols& reference, const Symbols& hypothesis) {
  // Row i: the edits from the first i symbols of the reference to each beginning of the hypothesis.
  std::vector<EditCounts> row(hypothesis.size() + 1);
  for (std::size_t j = 1; j < row.size(); ++j) row[j].insertions = static_cast<std::int64_t>(j);
  for (std::size_t i = 1; i <= reference.size(); ++i) {
    EditCounts diagonal = row[0];
    ++row[0].deletions;
    for (std::size_t j = 1; j < row.size(); ++j) {
      EditCounts both = diagonal;
      both.substitutions += reference[i - 1] == hypothesis[j - 1] ? 0 : 1;
      EditCounts deleted = row[j];
      ++deleted.deletions;
      EditCounts inserted = row[j - 1];
      ++inserted.insertions;
      diagonal = row[j];
      row[j] = both;
      if (is_better(deleted, row[j])) row[j] = deleted;
      if (is_better(inserted, row[j])) row[j] = inserted;
    }
  }
  EditCounts counts = row.back();
  counts.reference = static_cast<std::int64_t>(reference.size());
  return counts;
}

double rate_of_all(std::span<const std::string> references, std::span<const std::string> hypotheses,
                   EditCounts (*errors)(std::string_view, std::string_view)) {
  if (references.size() != hypotheses.size()) {
    throw Error(fmt::format("{} references cannot be compared with {} hypotheses",
                            references.size(), hypotheses.size()));
  }
  EditCounts sum;
  for (std::size_t i = 0; i < references.size(); ++i) sum += errors(references[i], hypotheses[i]);
  return sum.rate();
}

}  // namespace

double EditCounts::rate() const {
  if (reference > 0) return static_cast<double>(edits()) / static_cast<double>(reference);
  return edits() == 0 ? 0.0 : std::numeric_limits<double>::infinity();
}

EditCounts& EditCounts::operator+=(const EditCounts& other) {
  substitutions += other.substitutions;
  deletions += other.deletions;
  insertions += other.insertions;
  reference += other.reference;
  return *this;
}

EditCounts word_errors(std::string_view reference, std::string_view hypothesis) {
  return count_edits(words_of(reference), words_of(hypothesis));
}

EditCounts character_errors(std::string_view reference, std::string_view hypothesis) {
  return count_edits(characters_of(reference), characters_of(hypothesis));
}

double word_error_rate(std::span<const std::string> references,
                       std::span<const std::string> hypotheses) {
  return rate_of_all(references, hypotheses, word_errors);
}

double character_error_rate(std::span<const std::string> references,
                            std::span<const std::string> hypotheses) {
  return rate_of_all(references, hypotheses, character_errors);
}

}  // namespace chronicler::data
