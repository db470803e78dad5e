// BLEU (Papineni et al. 2002) with the numbers of sacreBLEU (Post 2018): its 13a tokenisation,
// n-grams up to 4, exponential smoothing.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chronicler::data {

// The tokens of a line of UTF-8 as mteval-v13a takes it apart: punctuation by itself, but for
// points and commas within numbers.
std::vector<std::string> tokenize_13a(std::string_view line);

struct BleuScore {
  static constexpr std::size_t max_order = 4;

  double score = 0.0;                          // 0 to 100
  std::array<double, max_order> precisions{};  // of n-grams, in parts of a hundred
  double brevity_penalty = 1.0;
  std::int64_t hypothesis_length = 0;  // tokens
  std::int64_t reference_length = 0;   // of the reference that is nearest in length

  // "BLEU = 48.53 82.4/50.0/45.5/37.5 (BP = 0.943 ratio = 0.944 hyp_len = 17 ref_len = 18)"
  std::string to_string() const;
};

// Of a whole text, sentence by sentence: references[i] are those of hypotheses[i], one or more.
// Throws Error if the numbers differ or a sentence has no reference.
BleuScore corpus_bleu(std::span<const std::string> hypotheses,
                      std::span<const std::vector<std::string>> references);
// Of one sentence; orders for which it is too short do not count.
BleuScore sentence_bleu(const std::string& hypothesis, const std::vector<std::string>& references);

}  // namespace chronicler::data
