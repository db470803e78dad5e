// What compile takes, and the results that a model so compiled has.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "chronicler/base/error.h"
#include "chronicler/training/loss.h"
#include "chronicler/training/metric.h"
#include "chronicler/training/optimizer.h"

namespace chronicler {

// What `loss`, `metrics` and `weighted_metrics` say counts for every output of a model. Models with
// several outputs may say it for each, by its name (Model::output_names): an output that is not in
// `losses`, if that is given, has no loss.
struct CompileOptions {
  OptimizerOption optimizer = "rmsprop";
  LossOption loss = {};
  std::vector<MetricOption> metrics = {};
  std::vector<MetricOption> weighted_metrics = {};
  std::map<std::string, LossOption> losses = {};
  std::map<std::string, double> loss_weights = {};  // in the sum that is trained on; 1 if not here
  std::map<std::string, std::vector<MetricOption>> output_metrics = {};
  std::map<std::string, std::vector<MetricOption>> output_weighted_metrics = {};
};

// What fit, evaluate and their kin throw if the model was never compiled, or cannot be trained as
// it was compiled in its file.
class CompileError : public Error {
 public:
  using Error::Error;
};

// "loss" first, then the metrics in the order of compile; by name with operator[]. With several
// outputs: "loss", the loss of each ("<output>_loss"), then their metrics ("<output>_<metric>").
struct Results {
  std::vector<std::string> names;
  std::vector<double> values;
  // Metrics that are lists (F1Score without average), whose values above are their means.
  std::map<std::string, std::vector<double>> lists = {};
  std::string not_finite =
      {};  // why the loss was NaN or infinite in some batch; empty: it never was
  double operator[](const std::string& name) const;  // Error that lists the names there are
  double loss() const { return values.front(); }
};

}  // namespace chronicler
