// The part of the variance of the targets that the predictions explain.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "chronicler/training/metric.h"

namespace chronicler::metrics {

struct R2ScoreOptions {
  std::optional<std::string> class_aggregation = "uniform_average";
  std::int64_t num_regressors = 0;
  std::string name = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = R2ScoreOptions;
    visit("class_aggregation", &Options::class_aggregation,
          one_of({"uniform_average", "variance_weighted_average"}),
          "how the outputs are averaged; none: results() has one for each output");
    visit("num_regressors", &Options::num_regressors, at_least(0),
          "number of inputs of the model, by which the score is corrected; 0: not corrected");
    visit_name<Options>(visit);
  }
};

MetricPtr R2Score(const R2ScoreOptions& options = {});

}  // namespace chronicler::metrics
