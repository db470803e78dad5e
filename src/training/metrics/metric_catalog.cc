#include "training/metrics/metric_catalog.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "chronicler/base/error.h"
#include "chronicler/training/metrics.h"
#include "training/metrics/metric_names.h"

namespace chronicler {
namespace {

template <auto factory>
MetricKind kind(std::string_view class_name, std::vector<std::string_view> names,
                std::vector<std::string_view> others = {}) {
  return {class_name, std::move(names), made_from<factory>, field_table<OptionsOf<factory>>,
          std::move(others)};
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
  for (const MetricKind& kind : metric_catalog()) {
    if (name == kind.class_name || holds(kind.names, name) || holds(kind.others, name)) return kind;
    known.push_back(kind.names.front());
  }
  known.emplace_back("crossentropy");
  unknown_name("metric", name, known);
}

std::vector<Setting> named(std::string_view name) { return {{"name", std::string(name)}}; }

// Keras has no default; here every class can be made without settings.
std::vector<Setting> with_number_of_classes(const MetricKind& kind, std::vector<Setting> settings) {
  constexpr std::string_view name = "num_classes";
  const std::vector<FieldRow> rows = kind.fields().rows;
  const auto is_it = [&](const auto& one) { return one.name == name; };
  if (std::any_of(rows.begin(), rows.end(), is_it) &&
      std::none_of(settings.begin(), settings.end(), is_it))
    settings.push_back({std::string(name), std::int64_t{2}});
  return settings;
}

// Settings of some files that can have one value only.
struct FixedSetting {
  std::string_view class_name;
  std::string_view name;
  SettingValue value;
};
const std::vector<FixedSetting>& fixed_settings() {
  static const std::vector<FixedSetting> fixed{
      {"BinaryCrossentropy", "axis", std::int64_t{-1}},  // Chronicler once wrote it
      {"SparseTopKCategoricalAccuracy", "from_sorted_ids", false}};
  return fixed;
}

// The member of a family that goes with a loss.
std::string_view member_for(const Family& family, const Loss* loss) {
  const std::string_view class_name = loss == nullptr ? "" : loss->class_name();
  if (class_name.starts_with("Binary")) return family.binary;
  return class_name.starts_with("Sparse") ? family.sparse : family.categorical;
}

}  // namespace

std::span<const MetricKind> metric_catalog() {
  static const std::vector<MetricKind> table{
      kind<metrics::Accuracy>("Accuracy", {"accuracy"}),
      kind<metrics::BinaryAccuracy>("BinaryAccuracy", {"binary_accuracy"}),
      kind<metrics::CategoricalAccuracy>("CategoricalAccuracy", {"categorical_accuracy"}),
      kind<metrics::SparseCategoricalAccuracy>("SparseCategoricalAccuracy",
                                               {"sparse_categorical_accuracy"}),
      kind<metrics::TopKCategoricalAccuracy>("TopKCategoricalAccuracy",
                                             {"top_k_categorical_accuracy"}),
      kind<metrics::SparseTopKCategoricalAccuracy>("SparseTopKCategoricalAccuracy",
                                                   {"sparse_top_k_categorical_accuracy"}),
      kind<metrics::MeanSquaredError>("MeanSquaredError", {"mean_squared_error", "mse", "MSE"}),
      kind<metrics::MeanAbsoluteError>("MeanAbsoluteError", {"mean_absolute_error", "mae", "MAE"}),
      kind<metrics::RootMeanSquaredError>("RootMeanSquaredError", {"root_mean_squared_error"}),
      kind<metrics::BinaryCrossentropy>("BinaryCrossentropy",
                                        {"binary_crossentropy", "bce", "BCE"}),
      kind<metrics::CategoricalCrossentropy>("CategoricalCrossentropy",
                                             {"categorical_crossentropy"}),
      kind<metrics::SparseCategoricalCrossentropy>("SparseCategoricalCrossentropy",
                                                   {"sparse_categorical_crossentropy"}),
      kind<metrics::MeanAbsolutePercentageError>(
          "MeanAbsolutePercentageError", {"mean_absolute_percentage_error", "mape", "MAPE"}),
      kind<metrics::MeanSquaredLogarithmicError>(
          "MeanSquaredLogarithmicError", {"mean_squared_logarithmic_error", "msle", "MSLE"}),
      kind<metrics::LogCoshError>("LogCoshError", {"log_cosh_error"}, {"logcosh", "log_cosh"}),
      kind<metrics::Poisson>("Poisson", {"poisson"}),
      kind<metrics::KLDivergence>("KLDivergence", {"kl_divergence"}, {"kld", "KLD"}),
      kind<metrics::CosineSimilarity>("CosineSimilarity", {"cosine_similarity"}),
      kind<metrics::Hinge>("Hinge", {"hinge"}),
      kind<metrics::SquaredHinge>("SquaredHinge", {"squared_hinge"}),
      kind<metrics::CategoricalHinge>("CategoricalHinge", {"categorical_hinge"}),
      kind<metrics::R2Score>("R2Score", {"r2_score"}),
      kind<metrics::Precision>("Precision", {"precision"}),
      kind<metrics::Recall>("Recall", {"recall"}),
      kind<metrics::TruePositives>("TruePositives", {"true_positives"}),
      kind<metrics::TrueNegatives>("TrueNegatives", {"true_negatives"}),
      kind<metrics::FalsePositives>("FalsePositives", {"false_positives"}),
      kind<metrics::FalseNegatives>("FalseNegatives", {"false_negatives"}),
      kind<metrics::AUC>("AUC", {"auc"}),
      kind<metrics::F1Score>("F1Score", {"f1_score"}),
      kind<metrics::FBetaScore>("FBetaScore", {"f_beta_score"}, {"fbeta_score"}),
      kind<metrics::IoU>("IoU", {"io_u"}),
      kind<metrics::BinaryIoU>("BinaryIoU", {"binary_io_u"}),
      kind<metrics::MeanIoU>("MeanIoU", {"mean_io_u"}),
      kind<metrics::OneHotIoU>("OneHotIoU", {"one_hot_io_u"}),
      kind<metrics::OneHotMeanIoU>("OneHotMeanIoU", {"one_hot_mean_io_u"}),
      kind<metrics::Mean>("Mean", {"mean"}),
      kind<metrics::Sum>("Sum", {"sum"}),
      kind<metrics::Perplexity>("Perplexity", {"perplexity"}),
  };
  return table;
}

MetricPtr metric_to_write(std::string_view name, const Loss* loss) {
  const Family* family = find_family(name);
  if (family == &families[0]) return nullptr;  // accuracy
  if (family == nullptr && !holds(find(name).others, name)) return nullptr;
  const std::string_view class_name =
      family == nullptr ? find(name).class_name : member_for(*family, loss);
  return metrics::from(class_name, named(name));
}

namespace metrics {

MetricPtr get(std::string_view name, const Shape& y_true, const Shape& y_pred) {
  const Family* family = find_family(name);
  const std::string_view class_name =
      family == nullptr ? find(name).class_name : family->member(y_true, y_pred);
  return from(class_name, named(name));
}

MetricPtr from(std::string_view class_name, const std::vector<Setting>& settings) {
  const MetricKind& kind = find(class_name);
  const std::vector<Setting> given = with_number_of_classes(kind, settings);
  SettingsReader reader(kind.class_name, given);
  MetricPtr metric = kind.from(reader);
  for (const auto& [of, name, value] : fixed_settings()) {
    if (of == kind.class_name) reader.only(name, value);
  }
  reader.finish();
  return metric;
}

std::vector<std::string_view> class_names() {
  std::vector<std::string_view> names;
  for (const MetricKind& kind : metric_catalog()) names.push_back(kind.class_name);
  return names;
}

void check_name(std::string_view name) {
  if (find_family(name) == nullptr) find(name);
}

}  // namespace metrics
}  // namespace chronicler
