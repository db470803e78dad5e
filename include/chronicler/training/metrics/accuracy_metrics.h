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

// The share of predictions that are equal to their targets.
MetricPtr Accuracy(const NameOptions& options = {});
// The share of yes-or-no predictions that are right: above the threshold where the target is 1,
// else not.
MetricPtr BinaryAccuracy(const BinaryAccuracyOptions& options = {});
// The share of predictions whose largest number is of the class whose target is largest.
MetricPtr CategoricalAccuracy(const NameOptions& options = {});
// The share of predictions whose largest number is of the class that the label says.
MetricPtr SparseCategoricalAccuracy(const NameOptions& options = {});
// The share of predictions whose k largest numbers have the class whose target is largest.
MetricPtr TopKCategoricalAccuracy(const TopKOptions& options = {});
// The share of predictions whose k largest numbers have the class that the label says.
MetricPtr SparseTopKCategoricalAccuracy(const TopKOptions& options = {});

}  // namespace chronicler::metrics
