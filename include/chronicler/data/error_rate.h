// Word and character error rates: how many edits turn what was recognised into what was said
// (Levenshtein 1966).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace chronicler::data {

// The fewest edits from a reference to a hypothesis; of equally many, those with most
// substitutions.
struct EditCounts {
  std::int64_t substitutions = 0;
  std::int64_t deletions = 0;   // of the reference, missing in the hypothesis
  std::int64_t insertions = 0;  // in the hypothesis, not in the reference
  std::int64_t reference = 0;   // symbols in the reference

  std::int64_t edits() const { return substitutions + deletions + insertions; }
  // Edits for each symbol of the reference; may exceed 1. An empty reference gives 0 for no edits,
  // else infinity.
  double rate() const;
  EditCounts& operator+=(const EditCounts& other);
};

// Words are what stands between spaces; nothing is lower-cased or left out.
EditCounts word_errors(std::string_view reference, std::string_view hypothesis);
// Characters are Unicode code points, spaces included.
EditCounts character_errors(std::string_view reference, std::string_view hypothesis);

// Of whole texts: all edits by all symbols. Throws Error if their numbers differ.
double word_error_rate(std::span<const std::string> references,
                       std::span<const std::string> hypotheses);
double character_error_rate(std::span<const std::string> references,
                            std::span<const std::string> hypotheses);

}  // namespace chronicler::data
