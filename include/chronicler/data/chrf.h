// chrF2 (Popovic 2015) with the numbers of sacreBLEU: character n-grams up to 6, recall counts four
// times.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace chronicler::data {

// Of a whole text, 0 to 100: references[i] are those of hypotheses[i], of which the one that fits
// best counts. White space is left out. Throws Error if the numbers differ or a sentence has no
// reference.
double corpus_chrf(std::span<const std::string> hypotheses,
                   std::span<const std::vector<std::string>> references);
double sentence_chrf(const std::string& hypothesis, const std::vector<std::string>& references);

}  // namespace chronicler::data
