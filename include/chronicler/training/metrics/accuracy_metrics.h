// The share of predictions that are right.
#pragma once

#include <cstdint>
#include <string>

#include "chronicler/training/metric.h"

namespace chronicler::metrics {

struct BinaryAccuracyOptions {
  std::string name = {};
  double threshold = 0.5;

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = BinaryAccuracyOptions;
    visit_name<Options>(visit);
    visit("threshold", &Options::threshold, any_value(), "score above which class 1 is predicted");
  }
};
struct TopKOptions {
  std::int64_t k = 5;
  std::string name = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = TopKOptions;
    visit("k", &Options::k, at_least(1),
          "number of highest scores among which the right class counts");
    visit_name<Options>(visit);
  }
};

MetricPtr Accuracy(const NameOptions& options = {});  // y_true == y_pred
MetricPtr BinaryAccuracy(const BinaryAccuracyOptions& options = {});
MetricPtr CategoricalAccuracy(const NameOptions& options = {});
MetricPtr SparseCategoricalAccuracy(const NameOptions& options = {});
MetricPtr TopKCategoricalAccuracy(const TopKOptions& options = {});
MetricPtr SparseTopKCategoricalAccuracy(const TopKOptions& options = {});

}  // namespace chronicler::metrics
