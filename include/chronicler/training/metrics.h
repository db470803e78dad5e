// Metrics: keras.metrics. Running sums over batches, read at any time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chronicler/base/tensor.h"
#include "chronicler/layers/layer.h"
#include "chronicler/layers/options.h"

namespace chronicler {

// In which direction a metric improves; callbacks with mode "auto" ask.
enum class Direction : std::uint8_t { up, down, unknown };

class Metric {
 public:
  virtual ~Metric() = default;
  virtual std::string_view class_name() const = 0;  // "CategoricalAccuracy"
  virtual std::string_view name() const = 0;        // the key in logs: "categorical_accuracy"
  virtual std::vector<Setting> settings() const { return {}; }
  virtual Direction direction() const = 0;

  virtual void reset() = 0;
  // Counts a batch. y_true as for losses. weight: float32 (B) or of the shape of the values; mask:
  // boolean; either may be empty.
  virtual void update(TensorView y_true, TensorView y_pred, TensorView weight, TensorView mask) = 0;
  // Of a metric that is a loss: see Loss::takes_logits. Then the next update is of predictions that
  // came out of these.
  virtual bool takes_logits() const { return false; }
  virtual void see_logits(const Logits& /*logits*/) {}
  // Whether the mask of a model's output leaves steps out: Keras's means of a loss or an accuracy
  // heed it, and no other metric does.
  virtual bool heeds_mask() const { return false; }
  virtual double result() const = 0;
  // For a metric that Keras gives as a list (F1Score without average): all of it; result() is then
  // their mean, as Keras's progress bar shows it. Empty for all others.
  virtual std::vector<double> results() const { return {}; }
  // The running sums, and back; what a checkpoint keeps.
  virtual std::vector<double> state() const = 0;
  virtual void set_state(const std::vector<double>& state) = 0;
  // A fresh metric of the same kind.
  virtual std::shared_ptr<Metric> fresh() const = 0;
};
using MetricPtr = std::shared_ptr<Metric>;

namespace metrics {

struct NameOptions {
  std::string name = {};  // empty: the metric's own
};
struct BinaryAccuracyOptions {
  std::string name = {};
  double threshold = 0.5;
};
struct TopKOptions {
  std::int64_t k = 5;
  std::string name = {};
};
struct PrecisionOptions {                 // and Recall
  std::optional<double> thresholds = {};  // empty: 0.5; what is above says yes
  std::optional<std::int64_t> top_k = {};
  std::optional<std::int64_t> class_id = {};
  std::string name = {};
};
struct ThresholdOptions {
  double thresholds = 0.5;
  std::string name = {};
};
struct AUCOptions {
  std::int64_t num_thresholds = 200;
  std::string curve = "ROC";                       // "PR"
  std::string summation_method = "interpolation";  // "minoring", "majoring"
  std::string name = {};
  std::vector<double> thresholds = {};  // empty: evenly spaced
  bool from_logits = false;
  bool multi_label = false;                // the mean of the areas of the last axis's columns
  std::vector<double> label_weights = {};  // of the columns; empty: all equal
};
struct F1ScoreOptions {
  std::string average = {};  // "micro", "macro", "weighted"; empty: results() has one a class
  std::optional<double> threshold = {};  // empty: the largest of a row says yes
  std::string name = {};
};
struct FBetaScoreOptions {
  std::string average = {};
  double beta = 1.0;
  std::optional<double> threshold = {};
  std::string name = {};
};
struct R2ScoreOptions {
  // "variance_weighted_average"; empty: results() has one for each output
  std::string class_aggregation = "uniform_average";
  std::int64_t num_regressors = 0;
  std::string name = {};
};
struct IoUOptions {
  std::int64_t num_classes = 0;
  std::vector<double> target_class_ids = {};  // empty: all
  std::string name = {};
  std::optional<std::int64_t> ignore_class = {};
  bool sparse_y_true = true;  // labels, not one-hot rows
  bool sparse_y_pred = true;
};
struct MeanIoUOptions {
  std::int64_t num_classes = 0;
  std::string name = {};
  std::optional<std::int64_t> ignore_class = {};
  bool sparse_y_true = true;
  bool sparse_y_pred = true;
};
struct BinaryIoUOptions {
  std::vector<double> target_class_ids = {0, 1};
  double threshold = 0.5;
  std::string name = {};
};
struct OneHotIoUOptions {
  std::int64_t num_classes = 0;
  std::vector<double> target_class_ids = {};
  std::string name = {};
  std::optional<std::int64_t> ignore_class = {};
  bool sparse_y_pred = false;
};
struct OneHotMeanIoUOptions {
  std::int64_t num_classes = 0;
  std::string name = {};
  std::optional<std::int64_t> ignore_class = {};
  bool sparse_y_pred = false;
};
struct PerplexityOptions {
  bool from_logits = false;
  std::optional<std::int64_t> ignore_class = {};
  std::string name = {};
};
MetricPtr BinaryAccuracy(const BinaryAccuracyOptions& options = {});
MetricPtr CategoricalAccuracy(const NameOptions& options = {});
MetricPtr SparseCategoricalAccuracy(const NameOptions& options = {});
MetricPtr TopKCategoricalAccuracy(const TopKOptions& options = {});
MetricPtr SparseTopKCategoricalAccuracy(const TopKOptions& options = {});
MetricPtr Accuracy(const NameOptions& options = {});  // y_true == y_pred
MetricPtr MeanAbsoluteError(const NameOptions& options = {});
MetricPtr MeanSquaredError(const NameOptions& options = {});
MetricPtr RootMeanSquaredError(const NameOptions& options = {});
MetricPtr BinaryCrossentropy(const NameOptions& options = {});
MetricPtr CategoricalCrossentropy(const NameOptions& options = {});
MetricPtr SparseCategoricalCrossentropy(const NameOptions& options = {});
MetricPtr MeanAbsolutePercentageError(const NameOptions& options = {});
MetricPtr MeanSquaredLogarithmicError(const NameOptions& options = {});
MetricPtr LogCoshError(const NameOptions& options = {});
MetricPtr Poisson(const NameOptions& options = {});
MetricPtr KLDivergence(const NameOptions& options = {});
MetricPtr CosineSimilarity(const NameOptions& options = {});
MetricPtr Hinge(const NameOptions& options = {});
MetricPtr SquaredHinge(const NameOptions& options = {});
MetricPtr CategoricalHinge(const NameOptions& options = {});
MetricPtr R2Score(const R2ScoreOptions& options = {});
MetricPtr Precision(const PrecisionOptions& options = {});
MetricPtr Recall(const PrecisionOptions& options = {});
MetricPtr TruePositives(const ThresholdOptions& options = {});
MetricPtr TrueNegatives(const ThresholdOptions& options = {});
MetricPtr FalsePositives(const ThresholdOptions& options = {});
MetricPtr FalseNegatives(const ThresholdOptions& options = {});
MetricPtr AUC(const AUCOptions& options = {});
MetricPtr F1Score(const F1ScoreOptions& options = {});
MetricPtr FBetaScore(const FBetaScoreOptions& options = {});
MetricPtr IoU(const IoUOptions& options);
MetricPtr BinaryIoU(const BinaryIoUOptions& options = {});
MetricPtr MeanIoU(const MeanIoUOptions& options);
MetricPtr OneHotIoU(const OneHotIoUOptions& options);
MetricPtr OneHotMeanIoU(const OneHotMeanIoUOptions& options);
MetricPtr Mean(const NameOptions& options = {});  // of the predictions, whatever the targets
MetricPtr Sum(const NameOptions& options = {});
// Not in Keras: e to the power of the mean sparse categorical crossentropy.
MetricPtr Perplexity(const PerplexityOptions& options = {});

// By Keras's name, which also becomes the key. "accuracy", "acc", "crossentropy" and "ce" are
// chosen by the shapes: binary if predictions have one number, sparse if targets are labels, else
// categorical. Error with the nearest names otherwise.
MetricPtr get(std::string_view name, const Shape& y_true, const Shape& y_pred);
MetricPtr from(std::string_view class_name, const std::vector<Setting>& settings);
std::vector<std::string_view> class_names();
// Throws for a name that get() would not know; lets compile() refuse it before there is data.
void check_name(std::string_view name);

}  // namespace metrics

// An option that takes a name or an object.
class MetricOption {
 public:
  // NOLINTBEGIN(google-explicit-constructor): a name or an object stands for the option
  MetricOption(const char* name) : name_(name) { metrics::check_name(name_); }
  MetricOption(const std::string& name) : name_(name) { metrics::check_name(name_); }
  MetricOption(MetricPtr metric) : metric_(std::move(metric)) {}
  // NOLINTEND(google-explicit-constructor)
  MetricPtr resolve(const Shape& y_true, const Shape& y_pred) const {
    return metric_ ? metric_->fresh() : metrics::get(name_, y_true, y_pred);
  }
  const std::string& given_name() const { return name_; }  // empty if an object was given
  const MetricPtr& metric() const { return metric_; }

 private:
  std::string name_;
  MetricPtr metric_;
};

}  // namespace chronicler
