#include "chronicler/training/metrics/iou_metrics.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "training/losses/loss_base.h"
#include "training/metrics/named_metric.h"

namespace chronicler {
namespace {

// The options of all five classes.
struct Options {
  std::int64_t num_classes = 2;
  std::vector<double> target_class_ids;
  std::optional<std::int64_t> ignore_class;
  bool sparse_y_true = true;  // labels, not one-hot rows
  bool sparse_y_pred = true;
  double threshold = 0.5;
  bool by_threshold = false;    // two classes: above and below the threshold
  std::string dtype = "int64";  // Keras cuts weights to its whole numbers
};

// Kept: the weight of each pair of a target's class and a predicted class.
class IouMetric final : public NamedMetric {
 public:
  IouMetric(MetricConfig config, Options options)
      : NamedMetric(std::move(config),
                    static_cast<std::size_t>(options.num_classes * options.num_classes)),
        options_(std::move(options)) {}
  Direction direction() const override { return Direction::up; }
  std::shared_ptr<Metric> fresh() const override {
    return std::make_shared<IouMetric>(config(), options_);
  }

  void update(TensorView y_true, TensorView y_pred, TensorView weight, TensorView mask) override {
    const Shape targets = classes_shape(y_true.shape(), options_.sparse_y_true);
    const Shape predictions = classes_shape(y_pred.shape(), options_.sparse_y_pred);
    if (!same_but_for_trailing_one(targets, predictions)) {
      throw Error(fmt::format("y has shape {}, but {} compares it with predictions of shape {}",
                              y_true.shape().to_string(), name(), y_pred.shape().to_string()),
                  "sparse_y_true and sparse_y_pred say whether each holds labels or one-hot rows");
    }
    const Spread<float> weights = Spread<float>::weights(weight, predictions);
    const Spread<std::uint8_t> masks = Spread<std::uint8_t>::mask(mask, predictions);
    for (std::int64_t i = 0; i < predictions.elements(); ++i) {
      if (!masks.empty() && masks[i] == 0) continue;
      const std::int64_t is = class_of(y_true, i, options_.sparse_y_true, false);
      const std::int64_t said = class_of(y_pred, i, options_.sparse_y_pred, options_.by_threshold);
      if (options_.ignore_class && is == *options_.ignore_class) continue;
      check_class(is, "y");
      check_class(said, "the predictions");
      const double share = weights.empty() ? 1.0 : static_cast<double>(weights[i]);
      numbers()[static_cast<std::size_t>(is * options_.num_classes + said)] +=
          options_.dtype.starts_with("int") ? std::trunc(share) : share;
    }
  }

  double result() const override {
    double sum = 0.0;
    double present = 0.0;
    for (const double id : options_.target_class_ids) {
      const auto own = static_cast<std::int64_t>(id);
      double together = -at(own, own);
      for (std::int64_t other = 0; other < options_.num_classes; ++other) {
        together += at(own, other) + at(other, own);
      }
      if (together <= 1e-9) continue;
      sum += at(own, own) / (together + loss_epsilon);
      present += 1.0;
    }
    return ratio_or_zero(sum, present);
  }

 private:
  double at(std::int64_t is, std::int64_t said) const {
    return numbers()[static_cast<std::size_t>(is * options_.num_classes + said)];
  }

  static Shape classes_shape(const Shape& shape, bool sparse) {
    return sparse ? shape : shape_of_rows(shape);
  }

  // The class of element i: a label, the place of a row's largest, or what a threshold says.
  std::int64_t class_of(const TensorView& values, std::int64_t i, bool sparse,
                        bool by_threshold) const {
    return with_target(values.dtype(), [&](auto number) {
      using Number = decltype(number);
      const auto* elements = values.as<Number>();
      if (by_threshold) {
        return std::int64_t{elements[i] >= static_cast<Number>(options_.threshold) ? 1 : 0};
      }
      if (sparse) return static_cast<std::int64_t>(elements[i]);
      const std::int64_t width = values.shape()[-1];
      const auto* row = elements + i * width;
      return static_cast<std::int64_t>(std::max_element(row, row + width) - row);
    });
  }

  void check_class(std::int64_t id, std::string_view where) const {
    if (id >= 0 && id < options_.num_classes) return;
    throw Error(fmt::format("{} of {} hold the class {}, which is outside 0..{}", where, name(), id,
                            options_.num_classes - 1),
                "num_classes says how many there are; ignore_class names one that does not count");
  }

  Options options_;
};

// The target classes: all, unless some are given.
std::vector<double> target_classes(std::string_view class_name, std::int64_t num_classes,
                                   std::vector<double> given) {
  if (given.empty()) {
    for (std::int64_t id = 0; id < num_classes; ++id) given.push_back(static_cast<double>(id));
  }
  for (const double id : given) {
    if (id >= 0.0 && id < static_cast<double>(num_classes) && id == std::floor(id)) continue;
    throw Error(fmt::format("target_class_ids of {} hold {}, which is none of the {} classes",
                            class_name, id, num_classes));
  }
  return given;
}

template <class Given>
MetricPtr make(std::string_view class_name, std::string_view name, Given given) {
  check_fields(class_name, given);
  if (given.dtype == "int") given.dtype = "int64";
  Options options;
  options.dtype = given.dtype;
  if constexpr (requires { given.num_classes; }) {
    options.num_classes = given.num_classes;
    options.ignore_class = given.ignore_class;
    options.sparse_y_pred = given.sparse_y_pred;
    options.sparse_y_true = false;
    if constexpr (requires { given.sparse_y_true; }) options.sparse_y_true = given.sparse_y_true;
  } else {
    options.threshold = given.threshold;
    options.by_threshold = true;
  }
  if constexpr (requires { given.target_class_ids; }) {
    given.target_class_ids =
        target_classes(class_name, options.num_classes, given.target_class_ids);
    options.target_class_ids = given.target_class_ids;
  } else {
    options.target_class_ids = target_classes(class_name, options.num_classes, {});
  }
  return std::make_shared<IouMetric>(metric_config(class_name, name, given), std::move(options));
}

}  // namespace

MetricPtr metrics::IoU(const IoUOptions& options) { return make("IoU", "io_u", options); }

MetricPtr metrics::BinaryIoU(const BinaryIoUOptions& options) {
  return make("BinaryIoU", "binary_io_u", options);
}

MetricPtr metrics::MeanIoU(const MeanIoUOptions& options) {
  return make("MeanIoU", "mean_io_u", options);
}

MetricPtr metrics::OneHotIoU(const OneHotIoUOptions& options) {
  return make("OneHotIoU", "one_hot_io_u", options);
}

MetricPtr metrics::OneHotMeanIoU(const OneHotMeanIoUOptions& options) {
  return make("OneHotMeanIoU", "one_hot_mean_io_u", options);
}

}  // namespace chronicler
