#include "chronicler/decoding/beam_search.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler::decoding {

BeamSearch::BeamSearch(std::int64_t sequences, BeamOptions options, std::int32_t start)
    : options_(std::move(options)), results_(static_cast<std::size_t>(sequences)) {
  if (options_.width < 1)
    throw Error(fmt::format("beam search: width must be at least 1, got {}", options_.width));
  if (!(options_.length_penalty >= 0.0)) {
    throw Error(fmt::format("beam search: length_penalty must be at least 0, got {}",
                            options_.length_penalty));
  }
  if (!options_.longest_of.empty() && options_.longest_of.size() != results_.size()) {
    throw Error(fmt::format("beam search: longest_of has {} numbers for {} sequences",
                            options_.longest_of.size(), sequences));
  }
  for (std::int64_t i = 0; i < sequences; ++i) {
    if (longest_of(i) < 1)
      throw Error(fmt::format("beam search: longest must be at least 1, got {}", longest_of(i)));
    rows_.push_back({i, 0.0, -1});
    symbols_.push_back(start);
    sequence_of_.push_back(i);
    parents_.push_back(i);
  }
}

std::int64_t BeamSearch::longest_of(std::int64_t sequence) const {
  return options_.longest_of.empty() ? options_.longest
                                     : options_.longest_of[static_cast<std::size_t>(sequence)];
}

double BeamSearch::score_of(double log_probability, std::int64_t length) const {
  return log_probability / std::pow(static_cast<double>(length), options_.length_penalty);
}

// The best continuations of rows begin ... end of one sequence: as many as can matter, in order.
std::vector<BeamSearch::Candidate> BeamSearch::candidates(
    std::size_t begin, std::size_t end, std::int64_t classes,
    std::span<const float> log_probabilities) const {
  const auto better = [](const Candidate& a, const Candidate& b) {
    if (a.log_probability != b.log_probability) return a.log_probability > b.log_probability;
    return a.row != b.row ? a.row < b.row : a.symbol < b.symbol;
  };
  // Each row has one way to end: of twice the width, at least `width` go on.
  const std::size_t most = 2 * static_cast<std::size_t>(options_.width);
  std::vector<Candidate> best;  // a heap with the worst in front
  for (std::size_t row = begin; row < end; ++row) {
    const float* line = log_probabilities.data() + row * static_cast<std::size_t>(classes);
    double least = best.size() < most ? -std::numeric_limits<double>::infinity()
                                      : best.front().log_probability;
    for (std::int64_t i = 0; i < classes; ++i) {
      const double sum = rows_[row].log_probability + static_cast<double>(line[i]);
      if (!(sum > least)) continue;
      best.push_back({row, static_cast<std::int32_t>(i), sum});
      std::push_heap(best.begin(), best.end(), better);
      if (best.size() <= most) continue;
      std::pop_heap(best.begin(), best.end(), better);
      best.pop_back();
      least = best.front().log_probability;
    }
  }
  std::sort_heap(best.begin(), best.end(), better);
  return best;
}

Hypothesis BeamSearch::hypothesis_at(std::int64_t trace) const {
  Hypothesis hypothesis;
  for (; trace >= 0; trace = traces_[static_cast<std::size_t>(trace)].before) {
    hypothesis.symbols.push_back(traces_[static_cast<std::size_t>(trace)].symbol);
    hypothesis.rows.push_back(traces_[static_cast<std::size_t>(trace)].row);
  }
  std::reverse(hypothesis.symbols.begin(), hypothesis.symbols.end());
  std::reverse(hypothesis.rows.begin(), hypothesis.rows.end());
  return hypothesis;
}

void BeamSearch::keep(std::size_t row, double log_probability, bool ended) {
  Hypothesis hypothesis = hypothesis_at(rows_[row].trace);
  hypothesis.ended = ended;
  hypothesis.log_probability = log_probability;
  hypothesis.score = score_of(log_probability, step_ + 1);
  std::vector<Hypothesis>& results = results_[static_cast<std::size_t>(rows_[row].sequence)];
  const auto place =
      std::upper_bound(results.begin(), results.end(), hypothesis,
                       [](const Hypothesis& a, const Hypothesis& b) { return a.score > b.score; });
  results.insert(place, std::move(hypothesis));
  if (static_cast<std::int64_t>(results.size()) > options_.width) results.pop_back();
}

// Whether nothing is expected any more of what is still followed: as many have ended as were to be
// followed, each of them better than the best that has not. Of width 1: the likeliest has ended.
bool BeamSearch::is_settled(std::int64_t sequence, double best_live) const {
  const std::vector<Hypothesis>& results = results_[static_cast<std::size_t>(sequence)];
  if (static_cast<std::int64_t>(results.size()) < options_.width) return false;
  return options_.width == 1 || results.back().score >= score_of(best_live, step_ + 1);
}

void BeamSearch::advance(std::span<const float> log_probabilities, std::int64_t classes) {
  if (log_probabilities.size() != rows_.size() * static_cast<std::size_t>(classes)) {
    throw Error(fmt::format("beam search: {} hypotheses need {} x {} scores, got {}", rows_.size(),
                            rows_.size(), classes, log_probabilities.size()));
  }
  const auto width = static_cast<std::size_t>(options_.width);
  std::vector<Row> rows;
  std::vector<std::int64_t> parents;
  for (std::size_t begin = 0; begin < rows_.size();) {
    const std::int64_t sequence = rows_[begin].sequence;
    std::size_t end = begin;
    while (end < rows_.size() && rows_[end].sequence == sequence) ++end;
    const bool is_last = step_ >= longest_of(sequence);  // nothing but the end may come
    const std::size_t first = rows.size();
    std::size_t rank = 0;
    for (const Candidate& candidate : candidates(begin, end, classes, log_probabilities)) {
      const bool is_among_best = rank++ < width;
      if (candidate.symbol == options_.end) {
        if (is_among_best || is_last) keep(candidate.row, candidate.log_probability, true);
      } else if (!is_last && rows.size() - first < width) {
        traces_.push_back({candidate.symbol, static_cast<std::int64_t>(candidate.row),
                           rows_[candidate.row].trace});
        rows.push_back(
            {sequence, candidate.log_probability, static_cast<std::int64_t>(traces_.size()) - 1});
        parents.push_back(static_cast<std::int64_t>(candidate.row));
      }
    }
    // None has ended, and none goes on: what was likeliest is cut off.
    if (rows.size() == first && results(sequence).empty())
      keep(begin, rows_[begin].log_probability, false);
    if (rows.size() > first && is_settled(sequence, rows[first].log_probability)) {
      rows.resize(first);
      parents.resize(first);
    }
    begin = end;
  }
  rows_ = std::move(rows);
  parents_ = std::move(parents);
  symbols_.clear();
  sequence_of_.clear();
  for (const Row& row : rows_) {
    symbols_.push_back(traces_[static_cast<std::size_t>(row.trace)].symbol);
    sequence_of_.push_back(row.sequence);
  }
  ++step_;
}

}  // namespace chronicler::decoding
