#include "conformance/option_values.h"

#include <algorithm>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/settings_json.h"

namespace chronicler::test {
namespace {

using Numbers = std::vector<double>;

std::string text(const char* value) { return value; }

// Values that do not follow from the default, or that need company. A row without a class is for
// all classes that have no row of their own.
struct Row {
  std::string_view class_name;
  std::string_view option;
  std::vector<SettingValue> values;
  std::vector<Setting> with = {};
};

const std::vector<Row>& rows() {
  const Setting averaged{"use_ema", true};
  static const std::vector<Row> table{
      {"", "name", {text("renamed")}},
      {"", "seed", {std::int64_t{3}}},
      {"", "dtype", {text("float64")}},
      // Optimizers.
      {"", "learning_rate", {0.03}},
      {"", "weight_decay", {0.1}},
      {"", "clipnorm", {0.05}},
      {"", "clipvalue", {0.01}},
      {"", "global_clipnorm", {0.05}},
      {"", "ema_momentum", {0.7}, {averaged}},
      {"", "ema_overwrite_frequency", {std::int64_t{2}}, {averaged}},
      {"", "loss_scale_factor", {64.0}},
      {"", "gradient_accumulation_steps", {std::int64_t{2}}},
      {"SGD", "nesterov", {true}, {{"momentum", 0.8}}},
      {"RMSprop", "centered", {true}, {{"momentum", 0.5}}},
      {"Ftrl", "learning_rate_power", {-0.3}},
      // Schedules.
      {"", "initial_learning_rate", {0.03}},
      {"", "warmup_target", {0.2}, {{"warmup_steps", std::int64_t{2}}}},
      {"", "warmup_steps", {std::int64_t{3}}, {{"warmup_target", 0.2}}},
      {"PolynomialDecay", "cycle", {true}, {{"decay_steps", std::int64_t{2}}}},
      {"PiecewiseConstantDecay", "boundaries", {Numbers{2, 4}}},
      {"PiecewiseConstantDecay", "values", {Numbers{0.01, 0.1, 0.03}}},
      // Losses.
      {"", "reduction", {text("sum"), text("mean"), text("mean_with_sample_weight"), text("none")}},
      {"", "label_smoothing", {0.1}},
      {"", "axis", {std::int64_t{1}}},
      {"", "ignore_class", {std::int64_t{1}}},
      {"CTC", "blank", {std::int64_t{1}}},
      {"CTC", "input_length", {text("all")}},
      // Metrics.
      {"", "thresholds", {0.4}},
      {"", "threshold", {0.4}},
      {"", "top_k", {std::int64_t{2}}},
      {"", "k", {std::int64_t{2}}},
      {"", "class_id", {std::int64_t{1}}},
      {"", "average", {text("micro"), text("macro"), text("weighted")}},
      {"", "class_aggregation", {text("variance_weighted_average"), {}}},
      {"", "num_regressors", {std::int64_t{2}}},
      {"", "target_class_ids", {Numbers{1}, Numbers{0, 2}}},
      {"BinaryIoU", "target_class_ids", {Numbers{1}, Numbers{0}}},
      {"AUC", "num_thresholds", {std::int64_t{23}}},
      {"AUC", "thresholds", {Numbers{0.2, 0.35, 0.5, 0.8}}},
      {"AUC", "curve", {text("PR")}},
      {"AUC", "summation_method", {text("minoring"), text("majoring")}},
      {"AUC", "num_labels", {std::int64_t{3}}, {{"multi_label", true}}},
      {"AUC", "label_weights", {Numbers{0.2, 0.5, 0.3}}, {{"multi_label", true}}},
      // Initializers, regularizers and constraints.
      {"Chrono", "t_max", {std::int64_t{12}}},
      {"VarianceScaling", "mode", {text("fan_out"), text("fan_avg")}},
      {"VarianceScaling", "distribution", {text("untruncated_normal"), text("uniform")}},
      {"OrthogonalRegularizer", "mode", {text("columns")}},
  };
  return table;
}

// Options that a class has though its settings do not show them at their defaults.
const std::vector<std::pair<std::string_view, std::string_view>>& hidden_options() {
  static const std::vector<std::pair<std::string_view, std::string_view>> options{
      {"AUC", "thresholds"},        {"CTC", "blank"},
      {"CTC", "input_length"},      {"SparseCategoricalCrossentropy", "axis"},
      {"CosineSimilarity", "axis"},
  };
  return options;
}

const Row* row_of(std::string_view class_name, std::string_view option) {
  const Row* general = nullptr;
  for (const Row& row : rows()) {
    if (row.option != option) continue;
    if (row.class_name == class_name) return &row;
    if (row.class_name.empty()) general = &row;
  }
  return general;
}

SettingValue derived(std::string_view class_name, const Setting& setting) {
  if (const bool* flag = std::get_if<bool>(&setting.value)) return !*flag;
  if (const auto* whole = std::get_if<std::int64_t>(&setting.value)) return *whole + 1;
  if (const double* real = std::get_if<double>(&setting.value)) {
    return *real == 0.0 ? 0.1 : *real * 0.75;
  }
  throw Error(fmt::format("{}: what is a value of {} besides {}?", class_name, setting.name,
                          to_json(setting.value).dump()),
              "add it to the table in tests/conformance/option_values.cc");
}

bool is_listed(const std::vector<Setting>& settings, std::string_view option) {
  return std::any_of(settings.begin(), settings.end(),
                     [&](const Setting& setting) { return setting.name == option; });
}

}  // namespace

std::string OptionValue::title() const {
  if (option.empty()) return "defaults";
  std::string shown = std::holds_alternative<std::string>(value) ? std::get<std::string>(value)
                                                                 : to_json(value).dump();
  std::erase_if(shown, [](char c) { return c == '[' || c == ']'; });
  return option + "=" + shown;
}

std::vector<Setting> OptionValue::settings() const {
  std::vector<Setting> all = with;
  if (!option.empty()) all.push_back({option, value});
  return all;
}

std::vector<Setting> needed_settings(std::string_view class_name) {
  const Setting start{"initial_learning_rate", 0.1};
  const Setting steps{"decay_steps", std::int64_t{4}};
  if (class_name == "ExponentialDecay" || class_name == "InverseTimeDecay") {
    return {start, steps, {"decay_rate", 0.6}};
  }
  if (class_name == "PolynomialDecay" || class_name == "CosineDecay") return {start, steps};
  if (class_name == "CosineDecayRestarts") return {start, {"first_decay_steps", std::int64_t{2}}};
  if (class_name == "PiecewiseConstantDecay") {
    return {{"boundaries", Numbers{1, 3}}, {"values", Numbers{0.1, 0.05, 0.02}}};
  }
  const Setting classes{"num_classes", std::int64_t{3}};
  if (class_name == "IoU" || class_name == "OneHotIoU") {
    return {classes, {"target_class_ids", Numbers{0, 1}}};
  }
  if (class_name == "MeanIoU" || class_name == "OneHotMeanIoU") return {classes};
  return {};
}

std::vector<Setting> all_settings(std::string_view class_name, std::vector<Setting> settings) {
  for (const auto& [owner, option] : hidden_options()) {
    if (owner == class_name && !is_listed(settings, option))
      settings.push_back({std::string(option), {}});
  }
  return settings;
}

std::vector<OptionValue> other_values(std::string_view class_name,
                                      const std::vector<Setting>& settings) {
  std::vector<OptionValue> values;
  for (const Setting& setting : all_settings(class_name, settings)) {
    const Row* row = row_of(class_name, setting.name);
    if (row == nullptr) {
      values.push_back({setting.name, derived(class_name, setting)});
      continue;
    }
    for (const SettingValue& value : row->values) {
      if (value != setting.value) values.push_back({setting.name, value, row->with});
    }
  }
  return values;
}

}  // namespace chronicler::test
