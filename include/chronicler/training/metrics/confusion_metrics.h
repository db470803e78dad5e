// Counts of right and wrong predictions of yes and no, and their ratios.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "chronicler/training/metric.h"

namespace chronicler::metrics {

struct PrecisionOptions {
  std::optional<double> thresholds = {};
  std::optional<std::int64_t> top_k = {};
  std::optional<std::int64_t> class_id = {};
  std::string name = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = PrecisionOptions;
    visit("thresholds", &Options::thresholds, any_value(),
          "score above which the prediction is yes",
          FieldNotes{.default_text = "0.5; with top_k none"});
    visit("top_k", &Options::top_k, at_least(1),
          "only the so many highest scores of a row can be yes");
    visit("class_id", &Options::class_id, any_value(), "the only class that counts",
          FieldNotes{.default_text = "all count"});
    visit_name<Options>(visit);
  }
};
struct ThresholdOptions {
  double thresholds = 0.5;
  std::string name = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = ThresholdOptions;
    visit("thresholds", &Options::thresholds, any_value(),
          "score above which the prediction is yes");
    visit_name<Options>(visit);
  }
};

// Of what is predicted to be true the share that is.
MetricPtr Precision(const PrecisionOptions& options = {});
// Of what is true the share that is predicted to be.
MetricPtr Recall(const PrecisionOptions& options = {});
// How many predictions of yes are right.
MetricPtr TruePositives(const ThresholdOptions& options = {});
// How many predictions of no are right.
MetricPtr TrueNegatives(const ThresholdOptions& options = {});
// How many predictions of yes are wrong.
MetricPtr FalsePositives(const ThresholdOptions& options = {});
// How many predictions of no are wrong.
MetricPtr FalseNegatives(const ThresholdOptions& options = {});

}  // namespace chronicler::metrics
