#include "chronicler/data/chrf.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "data/utf8.h"

namespace chronicler::data {
namespace {

constexpr std::size_t orders = 6;
constexpr double recall_weight = 4.0;  // beta^2

struct Order {
  double hypothesis = 0.0;
  double reference = 0.0;
  double matches = 0.0;
};
using Statistics = std::array<Order, orders>;

// A text without white space, and where its characters begin.
struct Characters {
  std::string text;
  std::vector<std::size_t> begins;  // the end included

  explicit Characters(std::string_view from) {
    for (std::size_t i = 0; i < from.size();) {
      const std::size_t length = std::max<std::size_t>(utf8_length(from.substr(i)), 1);
      const std::string_view character = from.substr(i, length);
      i += length;
      if (is_space(character)) continue;
      begins.push_back(text.size());
      text += character;
    }
    begins.push_back(text.size());
  }

  std::size_t count(std::size_t order) const {
    return begins.size() > order ? begins.size() - order : 0;
  }
  std::string_view ngram(std::size_t at, std::size_t order) const {
    return std::string_view(text).substr(begins[at], begins[at + order] - begins[at]);
  }

 private:
  static bool is_space(std::string_view character) {
    constexpr std::string_view ascii{"\t\n\v\f\r\x1c\x1d\x1e\x1f "};
    if (character.size() == 1) return ascii.find(character[0]) != std::string_view::npos;
    constexpr std::array<std::string_view, 8> others{"\u0085", "\u00a0", "\u1680", "\u2028",
                                                     "\u2029", "\u202f", "\u205f", "\u3000"};
    if (std::find(others.begin(), others.end(), character) != others.end()) return true;
    return character.size() == 3 && character.starts_with("\xe2\x80") &&
           static_cast<unsigned char>(character[2]) <= 0x8a;
  }
};

Statistics statistics_of(const Characters& hypothesis, const Characters& reference) {
  Statistics result;
  for (std::size_t n = 1; n <= orders; ++n) {
    Order& order = result[n - 1];
    std::unordered_map<std::string_view, std::int64_t> left;
    for (std::size_t i = 0; i < reference.count(n); ++i) ++left[reference.ngram(i, n)];
    for (std::size_t i = 0; i < hypothesis.count(n); ++i) {
      const auto found = left.find(hypothesis.ngram(i, n));
      if (found == left.end() || found->second == 0) continue;
      --found->second;
      order.matches += 1.0;
    }
    // As sacreBLEU: an order that the reference does not have does not count for the hypothesis.
    order.reference = static_cast<double>(reference.count(n));
    order.hypothesis = reference.count(n) == 0 ? 0.0 : static_cast<double>(hypothesis.count(n));
  }
  return result;
}

// Precision and recall are averaged over the orders that both have.
double score_of(const Statistics& statistics) {
  double precision = 0.0;
  double recall = 0.0;
  double counted = 0.0;
  for (const Order& order : statistics) {
    if (order.hypothesis == 0.0 || order.reference == 0.0) continue;
    precision += order.matches / order.hypothesis;
    recall += order.matches / order.reference;
    counted += 1.0;
  }
  if (counted == 0.0 || precision + recall == 0.0) return 0.0;
  precision /= counted;
  recall /= counted;
  return 100.0 * (1.0 + recall_weight) * precision * recall / (recall_weight * precision + recall);
}

Statistics best_statistics(std::size_t sentence, const std::string& hypothesis,
                           const std::vector<std::string>& references) {
  if (references.empty())
    throw Error(fmt::format("sentence {} has no reference to be compared with", sentence));
  const Characters own(hypothesis);
  Statistics best;
  double best_score = -1.0;
  for (const std::string& reference : references) {
    const Statistics statistics = statistics_of(own, Characters(reference));
    const double score = score_of(statistics);
    if (score <= best_score) continue;
    best_score = score;
    best = statistics;
  }
  return best;
}

}  // namespace

double corpus_chrf(std::span<const std::string> hypotheses,
                   std::span<const std::vector<std::string>> references) {
  if (hypotheses.size() != references.size()) {
    throw Error(fmt::format("{} sentences cannot be compared with references of {}",
                            hypotheses.size(), references.size()));
  }
  Statistics sum;
  for (std::size_t i = 0; i < hypotheses.size(); ++i) {
    const Statistics one = best_statistics(i, hypotheses[i], references[i]);
    for (std::size_t n = 0; n < orders; ++n) {
      sum[n].hypothesis += one[n].hypothesis;
      sum[n].reference += one[n].reference;
      sum[n].matches += one[n].matches;
    }
  }
  return score_of(sum);
}

double sentence_chrf(const std::string& hypothesis, const std::vector<std::string>& references) {
  return score_of(best_statistics(0, hypothesis, references));
}

}  // namespace chronicler::data
