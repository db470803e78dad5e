#include "chronicler/training/metrics.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "chronicler/base/error.h"
#include "training/metrics/accuracy_metrics.h"
#include "training/metrics/auc_metric.h"
#include "training/metrics/confusion_metrics.h"
#include "training/metrics/f_score_metrics.h"
#include "training/metrics/iou_metrics.h"
#include "training/metrics/loss_metrics.h"
#include "training/metrics/metric_names.h"
#include "training/metrics/r2_score_metric.h"
#include "training/metrics/value_metrics.h"
#include "training/settings.h"

namespace chronicler {
namespace {

struct MetricKind {
  std::string_view class_name;
  std::vector<std::string_view> names;  // besides the class name; the first is shown to users
  MetricPtr (*from)(SettingsReader& settings);
  std::vector<std::string_view> others = {};  // more names, which Keras does not read
};

const std::vector<MetricKind>& catalog() {
  static const std::vector<MetricKind> table{
      {"Accuracy", {"accuracy"}, accuracy_from},
      {"BinaryAccuracy", {"binary_accuracy"}, binary_accuracy_from},
      {"CategoricalAccuracy", {"categorical_accuracy"}, categorical_accuracy_from},
      {"SparseCategoricalAccuracy",
       {"sparse_categorical_accuracy"},
       sparse_categorical_accuracy_from},
      {"TopKCategoricalAccuracy", {"top_k_categorical_accuracy"}, top_k_categorical_accuracy_from},
      {"SparseTopKCategoricalAccuracy",
       {"sparse_top_k_categorical_accuracy"},
       sparse_top_k_categorical_accuracy_from},
      {"MeanSquaredError", {"mean_squared_error", "mse", "MSE"}, mean_squared_error_metric_from},
      {"MeanAbsoluteError", {"mean_absolute_error", "mae", "MAE"}, mean_absolute_error_metric_from},
      {"RootMeanSquaredError", {"root_mean_squared_error"}, root_mean_squared_error_metric_from},
      {"BinaryCrossentropy",
       {"binary_crossentropy", "bce", "BCE"},
       binary_crossentropy_metric_from},
      {"CategoricalCrossentropy",
       {"categorical_crossentropy"},
       categorical_crossentropy_metric_from},
      {"SparseCategoricalCrossentropy",
       {"sparse_categorical_crossentropy"},
       sparse_categorical_crossentropy_metric_from},
      {"MeanAbsolutePercentageError",
       {"mean_absolute_percentage_error", "mape", "MAPE"},
       mean_absolute_percentage_error_metric_from},
      {"MeanSquaredLogarithmicError",
       {"mean_squared_logarithmic_error", "msle", "MSLE"},
       mean_squared_logarithmic_error_metric_from},
      {"LogCoshError", {"log_cosh_error"}, log_cosh_error_metric_from, {"logcosh", "log_cosh"}},
      {"Poisson", {"poisson"}, poisson_metric_from},
      {"KLDivergence", {"kl_divergence"}, kl_divergence_metric_from, {"kld", "KLD"}},
      {"CosineSimilarity", {"cosine_similarity"}, cosine_similarity_metric_from},
      {"Hinge", {"hinge"}, hinge_metric_from},
      {"SquaredHinge", {"squared_hinge"}, squared_hinge_metric_from},
      {"CategoricalHinge", {"categorical_hinge"}, categorical_hinge_metric_from},
      {"R2Score", {"r2_score"}, r2_score_from},
      {"Precision", {"precision"}, precision_from},
      {"Recall", {"recall"}, recall_from},
      {"TruePositives", {"true_positives"}, true_positives_from},
      {"TrueNegatives", {"true_negatives"}, true_negatives_from},
      {"FalsePositives", {"false_positives"}, false_positives_from},
      {"FalseNegatives", {"false_negatives"}, false_negatives_from},
      {"AUC", {"auc"}, auc_from},
      {"F1Score", {"f1_score"}, f1_score_from},
      {"FBetaScore", {"f_beta_score"}, f_beta_score_from, {"fbeta_score"}},
      {"IoU", {"io_u"}, iou_from},
      {"BinaryIoU", {"binary_io_u"}, binary_iou_from},
      {"MeanIoU", {"mean_io_u"}, mean_iou_from},
      {"OneHotIoU", {"one_hot_io_u"}, one_hot_iou_from},
      {"OneHotMeanIoU", {"one_hot_mean_io_u"}, one_hot_mean_iou_from},
      {"Mean", {"mean"}, mean_metric_from},
      {"Sum", {"sum"}, sum_metric_from},
      {"Perplexity", {"perplexity"}, perplexity_from},
  };
  return table;
}

// Names that stand for one of three metrics, by the shapes of targets and predictions.
struct Family {
  std::array<std::string_view, 2> names;
  std::string_view binary;
  std::string_view sparse;
  std::string_view categorical;

  std::string_view member(const Shape& y_true, const Shape& y_pred) const {
    const std::int64_t width = y_pred.rank() < 2 ? 1 : y_pred[-1];
    if (width == 1) return binary;
    return y_true.rank() < y_pred.rank() || y_true[-1] == 1 ? sparse : categorical;
  }
};

constexpr std::array<Family, 2> families{{
    {{"accuracy", "acc"}, "BinaryAccuracy", "SparseCategoricalAccuracy", "CategoricalAccuracy"},
    {{"crossentropy", "ce"},
     "BinaryCrossentropy",
     "SparseCategoricalCrossentropy",
     "CategoricalCrossentropy"},
}};

// The family called `name`, in any case ("Accuracy" too, as Keras has it); null if there is none.
const Family* find_family(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const Family& family : families) {
    if (std::find(family.names.begin(), family.names.end(), lower) != family.names.end()) {
      return &family;
    }
  }
  return nullptr;
}

bool holds(const std::vector<std::string_view>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

const MetricKind& find(std::string_view name) {
  std::vector<std::string_view> known;
  for (const MetricKind& kind : catalog()) {
    if (name == kind.class_name || holds(kind.names, name) || holds(kind.others, name)) return kind;
    known.push_back(kind.names.front());
  }
  known.emplace_back("crossentropy");
  unknown_name("metric", name, known);
}

SettingValue text_or_null(const std::string& text) {
  return text.empty() ? SettingValue() : SettingValue(text);
}

std::vector<Setting> named(const std::string& name, std::vector<Setting> settings = {}) {
  if (!name.empty()) settings.push_back({"name", name});
  return settings;
}

// The member of a family that goes with a loss.
std::string_view member_for(const Family& family, const Loss* loss) {
  const std::string_view class_name = loss == nullptr ? "" : loss->class_name();
  if (class_name.starts_with("Binary")) return family.binary;
  return class_name.starts_with("Sparse") ? family.sparse : family.categorical;
}

}  // namespace

MetricPtr metric_to_write(std::string_view name, const Loss* loss) {
  const Family* family = find_family(name);
  if (family == &families[0]) return nullptr;  // accuracy
  if (family == nullptr && !holds(find(name).others, name)) return nullptr;
  const std::string_view class_name =
      family == nullptr ? find(name).class_name : member_for(*family, loss);
  return metrics::from(class_name, named(std::string(name)));
}

namespace metrics {

MetricPtr BinaryAccuracy(const BinaryAccuracyOptions& options) {
  return from("BinaryAccuracy", named(options.name, {{"threshold", options.threshold}}));
}
MetricPtr CategoricalAccuracy(const NameOptions& options) {
  return from("CategoricalAccuracy", named(options.name));
}
MetricPtr SparseCategoricalAccuracy(const NameOptions& options) {
  return from("SparseCategoricalAccuracy", named(options.name));
}
MetricPtr TopKCategoricalAccuracy(const TopKOptions& options) {
  return from("TopKCategoricalAccuracy", named(options.name, {{"k", options.k}}));
}
MetricPtr SparseTopKCategoricalAccuracy(const TopKOptions& options) {
  return from("SparseTopKCategoricalAccuracy", named(options.name, {{"k", options.k}}));
}
MetricPtr Accuracy(const NameOptions& options) { return from("Accuracy", named(options.name)); }
MetricPtr MeanAbsoluteError(const NameOptions& options) {
  return from("MeanAbsoluteError", named(options.name));
}
MetricPtr MeanSquaredError(const NameOptions& options) {
  return from("MeanSquaredError", named(options.name));
}
MetricPtr RootMeanSquaredError(const NameOptions& options) {
  return from("RootMeanSquaredError", named(options.name));
}
MetricPtr BinaryCrossentropy(const NameOptions& options) {
  return from("BinaryCrossentropy", named(options.name));
}
MetricPtr CategoricalCrossentropy(const NameOptions& options) {
  return from("CategoricalCrossentropy", named(options.name));
}
MetricPtr SparseCategoricalCrossentropy(const NameOptions& options) {
  return from("SparseCategoricalCrossentropy", named(options.name));
}

MetricPtr MeanAbsolutePercentageError(const NameOptions& options) {
  return from("MeanAbsolutePercentageError", named(options.name));
}
MetricPtr MeanSquaredLogarithmicError(const NameOptions& options) {
  return from("MeanSquaredLogarithmicError", named(options.name));
}
MetricPtr LogCoshError(const NameOptions& options) {
  return from("LogCoshError", named(options.name));
}
MetricPtr Poisson(const NameOptions& options) { return from("Poisson", named(options.name)); }
MetricPtr KLDivergence(const NameOptions& options) {
  return from("KLDivergence", named(options.name));
}
MetricPtr CosineSimilarity(const NameOptions& options) {
  return from("CosineSimilarity", named(options.name));
}
MetricPtr Hinge(const NameOptions& options) { return from("Hinge", named(options.name)); }
MetricPtr SquaredHinge(const NameOptions& options) {
  return from("SquaredHinge", named(options.name));
}
MetricPtr CategoricalHinge(const NameOptions& options) {
  return from("CategoricalHinge", named(options.name));
}
MetricPtr Mean(const NameOptions& options) { return from("Mean", named(options.name)); }
MetricPtr Sum(const NameOptions& options) { return from("Sum", named(options.name)); }
MetricPtr Precision(const PrecisionOptions& options) {
  return from("Precision", named(options.name, {{"thresholds", setting_or_null(options.thresholds)},
                                                {"top_k", setting_or_null(options.top_k)},
                                                {"class_id", setting_or_null(options.class_id)}}));
}
MetricPtr Recall(const PrecisionOptions& options) {
  return from("Recall", named(options.name, {{"thresholds", setting_or_null(options.thresholds)},
                                             {"top_k", setting_or_null(options.top_k)},
                                             {"class_id", setting_or_null(options.class_id)}}));
}
MetricPtr TruePositives(const ThresholdOptions& options) {
  return from("TruePositives", named(options.name, {{"thresholds", options.thresholds}}));
}
MetricPtr TrueNegatives(const ThresholdOptions& options) {
  return from("TrueNegatives", named(options.name, {{"thresholds", options.thresholds}}));
}
MetricPtr FalsePositives(const ThresholdOptions& options) {
  return from("FalsePositives", named(options.name, {{"thresholds", options.thresholds}}));
}
MetricPtr FalseNegatives(const ThresholdOptions& options) {
  return from("FalseNegatives", named(options.name, {{"thresholds", options.thresholds}}));
}
MetricPtr AUC(const AUCOptions& options) {
  std::vector<Setting> settings{{"num_thresholds", options.num_thresholds},
                                {"curve", options.curve},
                                {"summation_method", options.summation_method},
                                {"from_logits", options.from_logits},
                                {"multi_label", options.multi_label}};
  if (!options.label_weights.empty()) settings.push_back({"label_weights", options.label_weights});
  if (!options.thresholds.empty()) settings.push_back({"thresholds", options.thresholds});
  return from("AUC", named(options.name, std::move(settings)));
}
MetricPtr F1Score(const F1ScoreOptions& options) {
  return from("F1Score", named(options.name, {{"average", text_or_null(options.average)},
                                              {"threshold", setting_or_null(options.threshold)}}));
}
MetricPtr FBetaScore(const FBetaScoreOptions& options) {
  return from("FBetaScore",
              named(options.name, {{"average", text_or_null(options.average)},
                                   {"beta", options.beta},
                                   {"threshold", setting_or_null(options.threshold)}}));
}
MetricPtr R2Score(const R2ScoreOptions& options) {
  return from("R2Score",
              named(options.name, {{"class_aggregation", text_or_null(options.class_aggregation)},
                                   {"num_regressors", options.num_regressors}}));
}
MetricPtr IoU(const IoUOptions& options) {
  return from("IoU", named(options.name, {{"num_classes", options.num_classes},
                                          {"target_class_ids", options.target_class_ids},
                                          {"ignore_class", setting_or_null(options.ignore_class)},
                                          {"sparse_y_true", options.sparse_y_true},
                                          {"sparse_y_pred", options.sparse_y_pred}}));
}
MetricPtr MeanIoU(const MeanIoUOptions& options) {
  return from("MeanIoU",
              named(options.name, {{"num_classes", options.num_classes},
                                   {"ignore_class", setting_or_null(options.ignore_class)},
                                   {"sparse_y_true", options.sparse_y_true},
                                   {"sparse_y_pred", options.sparse_y_pred}}));
}
MetricPtr BinaryIoU(const BinaryIoUOptions& options) {
  return from("BinaryIoU", named(options.name, {{"target_class_ids", options.target_class_ids},
                                                {"threshold", options.threshold}}));
}
MetricPtr OneHotIoU(const OneHotIoUOptions& options) {
  return from("OneHotIoU",
              named(options.name, {{"num_classes", options.num_classes},
                                   {"target_class_ids", options.target_class_ids},
                                   {"ignore_class", setting_or_null(options.ignore_class)},
                                   {"sparse_y_pred", options.sparse_y_pred}}));
}
MetricPtr OneHotMeanIoU(const OneHotMeanIoUOptions& options) {
  return from("OneHotMeanIoU",
              named(options.name, {{"num_classes", options.num_classes},
                                   {"ignore_class", setting_or_null(options.ignore_class)},
                                   {"sparse_y_pred", options.sparse_y_pred}}));
}
MetricPtr Perplexity(const PerplexityOptions& options) {
  return from("Perplexity",
              named(options.name, {{"from_logits", options.from_logits},
                                   {"ignore_class", setting_or_null(options.ignore_class)}}));
}

MetricPtr get(std::string_view name, const Shape& y_true, const Shape& y_pred) {
  const Family* family = find_family(name);
  const std::string_view class_name =
      family == nullptr ? find(name).class_name : family->member(y_true, y_pred);
  return from(class_name, named(std::string(name)));
}

MetricPtr from(std::string_view class_name, const std::vector<Setting>& settings) {
  const MetricKind& kind = find(class_name);
  SettingsReader reader(kind.class_name, settings);
  MetricPtr metric = kind.from(reader);
  reader.finish();
  return metric;
}

std::vector<std::string_view> class_names() {
  std::vector<std::string_view> names;
  for (const MetricKind& kind : catalog()) names.push_back(kind.class_name);
  return names;
}

void check_name(std::string_view name) {
  if (find_family(name) == nullptr) find(name);
}

}  // namespace metrics
}  // namespace chronicler
