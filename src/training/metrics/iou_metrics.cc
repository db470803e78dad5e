#include "training/metrics/iou_metrics.h"

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

struct Kind {
  std::string_view class_name;
  std::string_view name;
  bool binary;   // two classes, told apart by a threshold
  bool all;      // every class is a target class
  bool one_hot;  // targets are one-hot, always
};

constexpr Kind iou{"IoU", "io_u", false, false, false};
constexpr Kind binary_iou{"BinaryIoU", "binary_io_u", true, false, false};
constexpr Kind mean_iou{"MeanIoU", "mean_io_u", false, true, false};
constexpr Kind one_hot_iou{"OneHotIoU", "one_hot_io_u", false, false, true};
constexpr Kind one_hot_mean_iou{"OneHotMeanIoU", "one_hot_mean_io_u", false, true, true};

struct Options {
  std::int64_t num_classes = 2;
  std::vector<double> target_class_ids;
  std::optional<std::int64_t> ignore_class;
  bool sparse_y_true = true;  // labels, not one-hot rows
  bool sparse_y_pred = true;
  double threshold = 0.5;
  std::string dtype = "int64";  // Keras cuts weights to its whole numbers
};

// Kept: the weight of each pair of a target's class and a predicted class.
class IouMetric final : public NamedMetric {
 public:
  IouMetric(std::string name, const Kind& kind, Options options)
      : NamedMetric(std::move(name),
                    static_cast<std::size_t>(options.num_classes * options.num_classes)),
        kind_(kind),
        options_(std::move(options)) {}
  std::string_view class_name() const override { return kind_.class_name; }
  Direction direction() const override { return Direction::up; }
  std::shared_ptr<Metric> fresh() const override {
    return std::make_shared<IouMetric>(std::string(name()), kind_, options_);
  }
  std::vector<Setting> settings() const override {
    std::vector<Setting> own;
    if (!kind_.binary) own.push_back({"num_classes", options_.num_classes});
    if (!kind_.all) own.push_back({"target_class_ids", options_.target_class_ids});
    if (kind_.binary) {
      own.push_back({"threshold", options_.threshold});
      return settings_of_type(std::move(own));
    }
    own.push_back({"ignore_class", setting_or_null(options_.ignore_class)});
    if (!kind_.one_hot) own.push_back({"sparse_y_true", options_.sparse_y_true});
    own.push_back({"sparse_y_pred", options_.sparse_y_pred});
    own.push_back({"axis", std::int64_t{-1}});
    return settings_of_type(std::move(own));
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
      const std::int64_t said = class_of(y_pred, i, options_.sparse_y_pred, kind_.binary);
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
  std::vector<Setting> settings_of_type(std::vector<Setting> own) const {
    std::vector<Setting> settings = settings_with(std::move(own));
    for (Setting& setting : settings) {
      if (setting.name == "dtype") setting.value = options_.dtype;
    }
    return settings;
  }

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

  const Kind& kind_;
  Options options_;
};

MetricPtr make(SettingsReader& settings, const Kind& kind) {
  Options options;
  if (!settings.is_null("dtype")) options.dtype = settings.text("dtype", options.dtype);
  if (options.dtype == "int") options.dtype = "int64";
  std::string name = take_metric_name(settings, kind.name);
  if (kind.binary) {
    options.threshold = settings.number("threshold", 0.5);
  } else {
    // Keras has no default; here every class can be made without settings.
    options.num_classes = settings.whole("num_classes", 2);
    if (options.num_classes < 1) {
      throw Error(fmt::format("{} needs num_classes", kind.class_name),
                  "give the number of classes, at least 1");
    }
    options.ignore_class = settings.optional_whole("ignore_class");
    options.sparse_y_true = !kind.one_hot && settings.flag("sparse_y_true", true);
    options.sparse_y_pred = settings.flag("sparse_y_pred", !kind.one_hot);
    settings.only("axis", std::int64_t{-1});
  }
  if (!kind.all) options.target_class_ids = settings.numbers("target_class_ids");
  if (options.target_class_ids.empty()) {
    for (std::int64_t id = 0; id < options.num_classes; ++id) {
      options.target_class_ids.push_back(static_cast<double>(id));
    }
  }
  for (const double id : options.target_class_ids) {
    const bool known =
        id >= 0.0 && id < static_cast<double>(options.num_classes) && id == std::floor(id);
    if (known) continue;
    throw Error(fmt::format("target_class_ids of {} hold {}, which is none of the {} classes",
                            kind.class_name, id, options.num_classes));
  }
  return std::make_shared<IouMetric>(std::move(name), kind, std::move(options));
}

}  // namespace

MetricPtr iou_from(SettingsReader& settings) { return make(settings, iou); }
MetricPtr binary_iou_from(SettingsReader& settings) { return make(settings, binary_iou); }
MetricPtr mean_iou_from(SettingsReader& settings) { return make(settings, mean_iou); }
MetricPtr one_hot_iou_from(SettingsReader& settings) { return make(settings, one_hot_iou); }
MetricPtr one_hot_mean_iou_from(SettingsReader& settings) {
  return make(settings, one_hot_mean_iou);
}

}  // namespace chronicler
