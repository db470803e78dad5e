// Beam search: the likeliest sequences of a model that predicts the next symbol, several sequences
// side by side.
//
//   BeamSearch search(sentences, {.width = 5, .end = 2, .longest = 40}, start);
//   while (!search.done()) {
//     scores = model(search.symbols(), states);      // a row for each hypothesis
//     search.advance(scores, symbols in a row);
//     states = reordered(states, search.parents());  // states are values
//   }
//   search.best(0).symbols
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace chronicler::decoding {

struct BeamOptions {
  std::int64_t width = 5;     // hypotheses that are followed; 1: greedy
  std::int32_t end = 0;       // the symbol that ends a sequence
  std::int64_t longest = 64;  // symbols, the end not counted; or a number for each sequence
  std::vector<std::int64_t> longest_of = {};
  // Hypotheses are compared by ln p / length^length_penalty, the end counted (Wu et al. 2016 with
  // the plain length): 0 prefers short ones, 1 the best mean.
  double length_penalty = 1.0;
};

struct Hypothesis {
  std::vector<std::int32_t> symbols;  // without start and end
  std::vector<std::int64_t> rows;     // in which row of each step's scores each symbol stood
  double log_probability = 0.0;
  double score = 0.0;  // what hypotheses are compared by
  bool ended = false;  // false: cut off at the longest
};

class BeamSearch {
 public:
  // `sequences` searches that know nothing of each other, each from the symbol `start`. Throws
  // Error for an option out of its range.
  BeamSearch(std::int64_t sequences, BeamOptions options, std::int32_t start);

  bool done() const { return rows_.empty(); }
  // The last symbol of every hypothesis that is followed, and whose it is: a row each.
  std::span<const std::int32_t> symbols() const { return symbols_; }
  std::span<const std::int64_t> sequences() const { return sequence_of_; }
  // Which row of the step before each of them goes on from.
  std::span<const std::int64_t> parents() const { return parents_; }

  // ln p of every next symbol: rows x classes, -infinity for what may not come. At equal scores the
  // row and symbol that come first are better.
  void advance(std::span<const float> log_probabilities, std::int64_t classes);

  // The best hypotheses of a sequence that has been searched, best first; at most `width`.
  const std::vector<Hypothesis>& results(std::int64_t sequence) const {
    return results_[static_cast<std::size_t>(sequence)];
  }
  const Hypothesis& best(std::int64_t sequence) const { return results(sequence).front(); }

 private:
  // A hypothesis that is followed.
  struct Row {
    std::int64_t sequence = 0;
    double log_probability = 0.0;
    std::int64_t trace = -1;  // in traces_
  };
  // A symbol and the one before it.
  struct Trace {
    std::int32_t symbol = 0;
    std::int64_t row = 0;
    std::int64_t before = -1;
  };
  struct Candidate {
    std::size_t row = 0;
    std::int32_t symbol = 0;
    double log_probability = 0.0;
  };
  std::vector<Candidate> candidates(std::size_t begin, std::size_t end, std::int64_t classes,
                                    std::span<const float> log_probabilities) const;
  std::int64_t longest_of(std::int64_t sequence) const;
  double score_of(double log_probability, std::int64_t length) const;
  Hypothesis hypothesis_at(std::int64_t trace) const;
  void keep(std::size_t row, double log_probability, bool ended);
  bool is_settled(std::int64_t sequence, double best_live) const;

  BeamOptions options_;
  std::vector<Row> rows_;
  std::vector<std::int32_t> symbols_;
  std::vector<std::int64_t> sequence_of_;
  std::vector<std::int64_t> parents_;
  std::vector<Trace> traces_;
  std::vector<std::vector<Hypothesis>> results_;
  std::int64_t step_ = 0;
};

}  // namespace chronicler::decoding
