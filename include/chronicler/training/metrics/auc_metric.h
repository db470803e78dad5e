// The area under the ROC or the precision-recall curve.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chronicler/training/metric.h"

namespace chronicler::metrics {

struct AUCOptions {
  std::int64_t num_thresholds = 200;
  std::string curve = "ROC";
  std::string summation_method = "interpolation";
  std::string name = {};
  std::vector<double> thresholds = {};
  bool multi_label = false;
  std::optional<std::int64_t> num_labels = {};
  std::vector<double> label_weights = {};
  bool from_logits = false;

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = AUCOptions;
    visit("num_thresholds", &Options::num_thresholds, at_least(2),
          "number of thresholds, evenly spaced from 0 to 1");
    visit("curve", &Options::curve, one_of({"ROC", "PR"}),
          "true against false positives, or precision against recall");
    visit("summation_method", &Options::summation_method,
          one_of({"interpolation", "minoring", "majoring"}),
          "height of the area between two thresholds");
    visit_name<Options>(visit);
    visit("thresholds", &Options::thresholds, between(0.0, 1.0),
          "thresholds instead of evenly spaced ones", FieldNotes{.is_extra = true});
    visit("multi_label", &Options::multi_label, any_value(),
          "one curve for each column of the last axis; the result is their mean");
    visit("num_labels", &Options::num_labels, at_least(1),
          "number of columns; follows from the predictions");
    visit("label_weights", &Options::label_weights, any_value(), "weight of each column",
          FieldNotes{.default_text = "all equal"});
    visit("from_logits", &Options::from_logits, any_value(),
          "predictions are logits, not probabilities");
  }
};

MetricPtr AUC(const AUCOptions& options = {});

}  // namespace chronicler::metrics
