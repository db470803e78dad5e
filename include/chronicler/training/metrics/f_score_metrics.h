// The mean of precision and recall: harmonic, or with recall beta times as important.
#pragma once

#include <optional>
#include <string>

#include "chronicler/training/metric.h"

namespace chronicler::metrics {

struct F1ScoreOptions {
  std::optional<std::string> average = {};
  std::optional<double> threshold = {};
  std::string name = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = F1ScoreOptions;
    visit("average", &Options::average, one_of({"micro", "macro", "weighted"}),
          "how the classes are averaged; none: results() has one for each class");
    visit("threshold", &Options::threshold, any_value(),
          "score above which a class is predicted; none: the highest of a row");
    visit_name<Options>(visit);
  }
};
struct FBetaScoreOptions {
  std::optional<std::string> average = {};
  double beta = 1.0;
  std::optional<double> threshold = {};
  std::string name = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = FBetaScoreOptions;
    visit("average", &Options::average, one_of({"micro", "macro", "weighted"}),
          "how the classes are averaged; none: results() has one for each class");
    visit("beta", &Options::beta, above(0.0), "how many times as important recall is as precision");
    visit("threshold", &Options::threshold, any_value(),
          "score above which a class is predicted; none: the highest of a row");
    visit_name<Options>(visit);
  }
};

// The harmonic mean of precision and recall: 2 precision recall / (precision + recall).
MetricPtr F1Score(const F1ScoreOptions& options = {});
// The mean of precision and recall in which recall is beta times as important: (1 + beta^2)
// precision recall / (beta^2 precision + recall).
MetricPtr FBetaScore(const FBetaScoreOptions& options = {});

}  // namespace chronicler::metrics
