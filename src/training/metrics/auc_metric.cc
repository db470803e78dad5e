#include "training/metrics/auc_metric.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "training/losses/loss_base.h"
#include "training/metrics/named_metric.h"

namespace chronicler {
namespace {

constexpr std::array<std::string_view, 2> curves{"ROC", "PR"};
constexpr std::array<std::string_view, 3> methods{"interpolation", "minoring", "majoring"};

struct Options {
  std::int64_t num_thresholds = 200;
  std::string curve = "ROC";
  std::string summation_method = "interpolation";
  std::vector<double> thresholds;  // between 0 and 1, growing; empty: evenly spaced
  bool from_logits = false;
  bool multi_label = false;
  std::vector<double> label_weights;
};

// Weights of what is above each threshold.
struct Counts {
  std::vector<double> true_positives;
  std::vector<double> false_positives;
  double positives = 0.0;
  double negatives = 0.0;

  std::size_t size() const { return true_positives.size(); }
};

// Kept: for each threshold the weight of the positives, then of the negatives, that lie above it
// and not above the next; with multi_label so for each label.
class AucMetric final : public NamedMetric {
 public:
  AucMetric(std::string name, Options options)
      : NamedMetric(std::move(name), 2 * static_cast<std::size_t>(options.num_thresholds) *
                                         std::max<std::size_t>(1, labels_of(options))),
        options_(std::move(options)) {}
  std::string_view class_name() const override { return "AUC"; }
  Direction direction() const override { return Direction::up; }
  std::shared_ptr<Metric> fresh() const override {
    return std::make_shared<AucMetric>(std::string(name()), options_);
  }
  std::vector<Setting> settings() const override {
    std::vector<Setting> own{{"num_thresholds", options_.num_thresholds},
                             {"curve", options_.curve},
                             {"summation_method", options_.summation_method},
                             {"multi_label", options_.multi_label},
                             {"num_labels", {}},
                             {"label_weights", {}},
                             {"from_logits", options_.from_logits}};
    if (!options_.label_weights.empty()) {
      own[4].value = static_cast<std::int64_t>(options_.label_weights.size());
      own[5].value = options_.label_weights;
    }
    if (!options_.thresholds.empty()) own.push_back({"thresholds", options_.thresholds});
    return settings_with(std::move(own));
  }

  void set_state(const std::vector<double>& state) override {
    if (!options_.multi_label) {
      NamedMetric::set_state(state);
    } else {
      numbers() = state;  // of as many labels as there were
    }
  }

  void update(TensorView y_true, TensorView y_pred, TensorView weight, TensorView mask) override {
    const std::int64_t columns = PredictionRows(y_pred.shape()).width;
    check_labels(static_cast<std::size_t>(columns));
    if (options_.multi_label)
      numbers().resize(2 * thresholds() * static_cast<std::size_t>(columns));
    for_counted_rows(
        y_true, y_pred, weight, mask, name(),
        [&](const auto* targets, const auto* predictions, std::int64_t width, double share) {
          for (std::int64_t i = 0; i < width; ++i) {
            const auto column = static_cast<std::size_t>(i);
            const std::size_t label = options_.multi_label ? 2 * thresholds() * column : 0;
            const std::size_t kind = targets[i] != 0 ? 0 : thresholds();
            const bool weighs = !options_.multi_label && !options_.label_weights.empty();
            numbers()[label + kind + place_of(static_cast<float>(predictions[i]))] +=
                weighs ? share * options_.label_weights[column] : share;
          }
        });
  }

  double result() const override {
    const std::size_t labels = numbers().size() / (2 * thresholds());
    double sum = 0.0;
    double weights = 0.0;
    for (std::size_t label = 0; label < labels; ++label) {
      const bool weighs = options_.multi_label && !options_.label_weights.empty();
      const double weight = weighs ? options_.label_weights[label] : 1.0;
      sum += weight * area(counted(label));
      weights += weight;
    }
    return ratio_or_zero(sum, weights);
  }

 private:
  static std::size_t labels_of(const Options& options) {
    return options.multi_label ? options.label_weights.size() : 1;
  }

  void check_labels(std::size_t columns) const {
    const std::size_t expected = options_.label_weights.size();
    if (expected == 0 || expected == columns) return;
    throw Error(
        fmt::format("AUC has {} label_weights, the predictions have {} labels", expected, columns),
        "give one weight for each label");
  }

  double area(const Counts& counts) const {
    const bool interpolates = options_.summation_method == "interpolation";
    if (options_.curve == "PR" && interpolates) return interpolated_precision(counts);
    const auto x = [&](std::size_t i) {
      return options_.curve == "PR" ? ratio_or_zero(counts.true_positives[i], counts.positives)
                                    : ratio_or_zero(counts.false_positives[i], counts.negatives);
    };
    const auto y = [&](std::size_t i) {
      return options_.curve == "PR"
                 ? ratio_or_zero(counts.true_positives[i],
                                 counts.true_positives[i] + counts.false_positives[i])
                 : ratio_or_zero(counts.true_positives[i], counts.positives);
    };
    double area = 0.0;
    for (std::size_t i = 0; i + 1 < counts.size(); ++i) {
      area += (x(i) - x(i + 1)) * height(y(i), y(i + 1));
    }
    return area;
  }

  std::size_t thresholds() const { return static_cast<std::size_t>(options_.num_thresholds); }

  // The last threshold that the prediction is above; all are above the first, which is below 0.
  std::size_t place_of(float prediction) const {
    if (options_.from_logits) prediction = 1.0F / (1.0F + std::exp(-prediction));
    const float p = std::clamp(prediction, 0.0F, 1.0F);
    if (options_.thresholds.empty()) {
      const auto intervals = static_cast<float>(options_.num_thresholds - 1);
      return static_cast<std::size_t>(std::max(0.0F, std::ceil(p * intervals) - 1.0F));
    }
    const auto above = std::lower_bound(
        options_.thresholds.begin(), options_.thresholds.end(), p,
        [](double threshold, float own) { return static_cast<float>(threshold) < own; });
    return static_cast<std::size_t>(above - options_.thresholds.begin());
  }

  Counts counted(std::size_t label) const {
    const double* own = numbers().data() + 2 * thresholds() * label;
    Counts counts{std::vector<double>(thresholds()), std::vector<double>(thresholds())};
    for (std::size_t i = thresholds(); i-- > 0;) {
      counts.positives += own[i];
      counts.negatives += own[thresholds() + i];
      counts.true_positives[i] = counts.positives;
      counts.false_positives[i] = counts.negatives;
    }
    return counts;
  }

  double height(double a, double b) const {
    if (options_.summation_method == "minoring") return std::min(a, b);
    if (options_.summation_method == "majoring") return std::max(a, b);
    return (a + b) / 2.0;
  }

  // Davis and Goadrich 2006: between two thresholds the true positives grow in proportion to all
  // positives, precision does not.
  static double interpolated_precision(const Counts& counts) {
    double area = 0.0;
    for (std::size_t i = 0; i + 1 < counts.size(); ++i) {
      const double all = counts.true_positives[i] + counts.false_positives[i];
      const double next = counts.true_positives[i + 1] + counts.false_positives[i + 1];
      const double gained = counts.true_positives[i] - counts.true_positives[i + 1];
      const double slope = ratio_or_zero(gained, std::max(all - next, 0.0));
      const double intercept = counts.true_positives[i + 1] - slope * next;
      const double safe_ratio = all > 0.0 && next > 0.0 ? all / next : 1.0;
      area += ratio_or_zero(slope * (gained + intercept * std::log(safe_ratio)), counts.positives);
    }
    return area;
  }

  Options options_;
};

void check_choice(std::string_view option, const std::string& given,
                  std::span<const std::string_view> known) {
  if (std::find(known.begin(), known.end(), given) == known.end()) {
    unknown_name(fmt::format("{} of AUC", option), given, known);
  }
}

}  // namespace

MetricPtr auc_from(SettingsReader& settings) {
  std::string name = take_metric_name(settings, "auc");
  Options options;
  options.num_thresholds = settings.whole("num_thresholds", 200);
  options.curve = settings.text("curve", "ROC");
  options.summation_method = settings.text("summation_method", "interpolation");
  options.multi_label = settings.flag("multi_label", false);
  settings.ignore("num_labels");
  options.label_weights = settings.numbers("label_weights");
  options.thresholds = settings.numbers("thresholds");
  options.from_logits = settings.flag("from_logits", false);
  check_choice("curve", options.curve, curves);
  check_choice("summation_method", options.summation_method, methods);
  if (!options.thresholds.empty()) {
    std::sort(options.thresholds.begin(), options.thresholds.end());
    if (options.thresholds.front() < 0.0 || options.thresholds.back() > 1.0) {
      throw Error("thresholds of AUC must be from 0 to 1");
    }
    // One below all of them and one above.
    options.num_thresholds = static_cast<std::int64_t>(options.thresholds.size()) + 2;
  }
  if (options.num_thresholds < 2) {
    throw Error(
        fmt::format("num_thresholds of AUC must be at least 2, got {}", options.num_thresholds));
  }
  return std::make_shared<AucMetric>(std::move(name), std::move(options));
}

}  // namespace chronicler
