#include "chronicler/data/bleu.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler::data {
namespace {

constexpr std::size_t max_order = BleuScore::max_order;

// ---- tokens

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_point_or_comma(char c) { return c == '.' || c == ','; }

// Stands by itself wherever it is. Neither the apostrophe nor the dash does.
bool is_separate(char c) {
  constexpr std::string_view separate = "{|}~[\\]^_` !\"#$%&()*+:;<=>?@/";
  return separate.find(c) != std::string_view::npos;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

// Two neighbours that `matches` become `apart` of them, from left to right; what has been taken
// apart is not looked at again.
template <class Matches, class Apart>
std::string split_pairs(const std::string& line, const Matches& matches, const Apart& apart) {
  std::string out;
  std::size_t i = 0;
  while (i < line.size()) {
    if (i + 1 < line.size() && matches(line[i], line[i + 1])) {
      out += apart(line[i], line[i + 1]);
      i += 2;
    } else {
      out += line[i++];
    }
  }
  return out;
}

// How many bytes the white space at the beginning has; 0 if there is none.
std::size_t space_at(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if ((first >= 0x09 && first <= 0x0d) || (first >= 0x1c && first <= 0x20)) return 1;
  constexpr std::array<std::string_view, 8> spaces{"\u0085", "\u00a0", "\u1680", "\u2028",
                                                   "\u2029", "\u202f", "\u205f", "\u3000"};
  for (const std::string_view space : spaces) {
    if (text.starts_with(space)) return space.size();
  }
  // U+2000 to U+200A: the widths of a space.
  if (text.size() >= 3 && text.starts_with("\xe2\x80") &&
      static_cast<unsigned char>(text[2]) >= 0x80 && static_cast<unsigned char>(text[2]) <= 0x8a) {
    return 3;
  }
  return 0;
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  bool inside = false;
  for (std::size_t i = 0; i < line.size();) {
    const std::size_t space = space_at(line.substr(i));
    if (space == 0) {
      if (!inside) words.emplace_back();
      words.back() += line[i];
    }
    inside = space == 0;
    i += std::max<std::size_t>(1, space);
  }
  return words;
}

// ---- counts

using Counts = std::map<std::vector<std::string_view>, std::int64_t>;

// Of every order, all in one.
Counts ngrams_of(const std::vector<std::string>& tokens) {
  Counts counts;
  for (std::size_t order = 1; order <= max_order; ++order) {
    for (std::size_t begin = 0; begin + order <= tokens.size(); ++begin) {
      const auto first = tokens.begin() + static_cast<std::ptrdiff_t>(begin);
      ++counts[std::vector<std::string_view>(first, first + static_cast<std::ptrdiff_t>(order))];
    }
  }
  return counts;
}

struct Statistics {
  std::array<std::int64_t, max_order> correct{};
  std::array<std::int64_t, max_order> total{};
  std::int64_t hypothesis_length = 0;
  std::int64_t reference_length = 0;

  void add(const std::string& hypothesis, const std::vector<std::string>& references) {
    const std::vector<std::string> tokens = tokenize_13a(hypothesis);
    const auto length = static_cast<std::int64_t>(tokens.size());
    std::vector<std::vector<std::string>> kept;  // what the n-grams look into
    Counts most;
    std::int64_t nearest = -1;
    kept.reserve(references.size());
    for (const std::string& reference : references) kept.push_back(tokenize_13a(reference));
    for (const std::vector<std::string>& reference : kept) {
      for (const auto& [ngram, count] : ngrams_of(reference)) {
        most[ngram] = std::max(most[ngram], count);
      }
      const auto own = static_cast<std::int64_t>(reference.size());
      const std::int64_t distance = std::abs(own - length);
      const std::int64_t best = std::abs(nearest - length);
      if (nearest < 0 || distance < best || (distance == best && own < nearest)) nearest = own;
    }
    for (const auto& [ngram, count] : ngrams_of(tokens)) {
      const std::size_t order = ngram.size() - 1;
      total[order] += count;
      const auto found = most.find(ngram);
      if (found != most.end()) correct[order] += std::min(count, found->second);
    }
    hypothesis_length += length;
    reference_length += nearest;
  }

  // Only orders that there are count if `effective_order`.
  BleuScore score(bool effective_order) const {
    BleuScore result;
    result.hypothesis_length = hypothesis_length;
    result.reference_length = reference_length;
    if (hypothesis_length < reference_length) {
      result.brevity_penalty = hypothesis_length == 0
                                   ? 0.0
                                   : std::exp(1.0 - static_cast<double>(reference_length) /
                                                        static_cast<double>(hypothesis_length));
    }
    if (std::all_of(correct.begin(), correct.end(), [](std::int64_t c) { return c == 0; })) {
      return result;
    }
    std::size_t orders = effective_order ? 0 : max_order;
    double smoothing = 1.0;
    for (std::size_t order = 0; order < max_order && total[order] > 0; ++order) {
      if (effective_order) orders = order + 1;
      // The first order without a match counts as half a match, the next as a quarter, ...
      if (correct[order] == 0) smoothing *= 2.0;
      const double matches =
          correct[order] == 0 ? 1.0 / smoothing : static_cast<double>(correct[order]);
      result.precisions[order] = 100.0 * matches / static_cast<double>(total[order]);
    }
    double sum = 0.0;
    for (std::size_t order = 0; order < orders; ++order) {
      sum += std::log(result.precisions[order]);  // of 0: minus infinity, so that the score is 0
    }
    result.score = result.brevity_penalty * std::exp(sum / static_cast<double>(orders));
    return result;
  }
};

void check_references(std::size_t sentence, const std::vector<std::string>& references) {
  if (!references.empty()) return;
  throw Error(fmt::format("sentence {} has no reference to be compared with", sentence));
}

}  // namespace

std::vector<std::string> tokenize_13a(std::string_view line) {
  std::string text(line);
  replace_all(text, "<skipped>", "");
  replace_all(text, "-\n", "");
  replace_all(text, "\n", " ");
  replace_all(text, "&quot;", "\"");
  replace_all(text, "&amp;", "&");
  replace_all(text, "&lt;", "<");
  replace_all(text, "&gt;", ">");

  std::string spaced = " ";
  for (const char c : text) {
    if (is_separate(c)) {
      spaced += {' ', c, ' '};
    } else {
      spaced += c;
    }
  }
  spaced += " ";
  // Points and commas, unless a digit comes before; unless one comes after; dashes after a digit.
  spaced = split_pairs(
      spaced, [](char a, char b) { return !is_digit(a) && is_point_or_comma(b); },
      [](char a, char b) {
        return std::string{a, ' ', b, ' '};
      });
  spaced = split_pairs(
      spaced, [](char a, char b) { return is_point_or_comma(a) && !is_digit(b); },
      [](char a, char b) {
        return std::string{' ', a, ' ', b};
      });
  spaced = split_pairs(
      spaced, [](char a, char b) { return is_digit(a) && b == '-'; },
      [](char a, char b) {
        return std::string{a, ' ', b, ' '};
      });
  return words_of(spaced);
}

std::string BleuScore::to_string() const {
  const double ratio = reference_length == 0 ? 0.0
                                             : static_cast<double>(hypothesis_length) /
                                                   static_cast<double>(reference_length);
  return fmt::format(
      "BLEU = {:.2f} {:.1f}/{:.1f}/{:.1f}/{:.1f} (BP = {:.3f} ratio = {:.3f} hyp_len = {} ref_len "
      "= "
      "{})",
      score, precisions[0], precisions[1], precisions[2], precisions[3], brevity_penalty, ratio,
      hypothesis_length, reference_length);
}

BleuScore corpus_bleu(std::span<const std::string> hypotheses,
                      std::span<const std::vector<std::string>> references) {
  if (hypotheses.size() != references.size()) {
    throw Error(fmt::format("{} sentences cannot be compared with references of {}",
                            hypotheses.size(), references.size()));
  }
  Statistics statistics;
  for (std::size_t i = 0; i < hypotheses.size(); ++i) {
    check_references(i, references[i]);
    statistics.add(hypotheses[i], references[i]);
  }
  return statistics.score(false);
}

BleuScore sentence_bleu(const std::string& hypothesis, const std::vector<std::string>& references) {
  check_references(0, references);
  Statistics statistics;
  statistics.add(hypothesis, references);
  return statistics.score(true);
}

}  // namespace chronicler::data
