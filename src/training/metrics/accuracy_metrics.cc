#include "chronicler/training/metrics/accuracy_metrics.h"

#include <algorithm>
#include <cmath>

#include "layers/core/dispatch.h"
#include "training/losses/loss_targets.h"
#include "training/losses/prediction_rows.h"
#include "training/metrics/mean_metric.h"

namespace chronicler {
namespace {

// A metric of one kind: `Kind` judges one row. It has class_name, default_name, per_class (targets
// are as wide as predictions; otherwise they are labels) and
// double right(targets of the row, scores of the row, width).
template <class Kind>
class AccuracyMetric final : public MeanMetric {
 public:
  AccuracyMetric(MetricConfig config, const Kind& kind)
      : MeanMetric(std::move(config)), kind_(kind) {}
  Direction direction() const override { return Direction::up; }
  std::shared_ptr<Metric> fresh() const override {
    return std::make_shared<AccuracyMetric>(config(), kind_);
  }

 protected:
  void compute(TensorView y_true, TensorView y_pred, std::span<double> values) override {
    const TargetNames names{Kind::default_name, "y"};
    if constexpr (Kind::per_class) {
      check_dense_targets(y_true, y_pred.shape(), names);
    } else {
      check_label_shape(y_true, y_pred.shape(), names);
    }
    const PredictionRows rows(y_pred.shape());
    const std::int64_t target_width = Kind::per_class ? rows.width : 1;
    with_real(y_pred.dtype(), [&](auto real) {
      with_target(y_true.dtype(), [&](auto target) {
        const auto* targets = y_true.as<decltype(target)>();
        const auto* scores = y_pred.as<decltype(real)>();
        for_rows(rows, [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t row = begin; row < end; ++row) {
            values[static_cast<std::size_t>(row)] =
                kind_.right(targets + row * target_width, scores + row * rows.width, rows.width);
          }
        });
      });
    });
  }

 private:
  Kind kind_;
};

// The first of the largest.
template <class Number>
std::int64_t argmax(const Number* numbers, std::int64_t count) {
  return std::max_element(numbers, numbers + count) - numbers;
}

// Whether fewer than k scores are larger than the label's own. No label is among the best of scores
// that are not numbers.
template <class Real>
double in_top(const Real* scores, std::int64_t count, double label, std::int64_t k) {
  if (!(label >= 0.0 && label < static_cast<double>(count))) return 0.0;
  const Real own = scores[static_cast<std::int64_t>(label)];
  std::int64_t larger = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    if (!std::isfinite(scores[i])) return 0.0;
    larger += scores[i] > own ? 1 : 0;
  }
  return larger < k ? 1.0 : 0.0;
}

// The share of elements of which `equal(target, score)` holds.
template <class Target, class Real, class Equal>
double share_of(const Target* targets, const Real* scores, std::int64_t width, const Equal& equal) {
  std::int64_t right = 0;
  for (std::int64_t i = 0; i < width; ++i) {
    right += equal(static_cast<double>(targets[i]), static_cast<double>(scores[i])) ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(width);
}

struct Equality {
  static constexpr std::string_view class_name = "Accuracy";
  static constexpr std::string_view default_name = "accuracy";
  static constexpr bool per_class = true;

  template <class Target, class Real>
  static double right(const Target* targets, const Real* scores, std::int64_t width) {
    return share_of(targets, scores, width,
                    [](double target, double score) { return target == score; });
  }
};

struct Binary {
  static constexpr std::string_view class_name = "BinaryAccuracy";
  static constexpr std::string_view default_name = "binary_accuracy";
  static constexpr bool per_class = true;

  double threshold;

  template <class Target, class Real>
  double right(const Target* targets, const Real* scores, std::int64_t width) const {
    const auto limit = static_cast<double>(static_cast<Real>(threshold));
    return share_of(targets, scores, width, [&](double target, double score) {
      return target == (score > limit ? 1.0 : 0.0);
    });
  }
};

struct Categorical {
  static constexpr std::string_view class_name = "CategoricalAccuracy";
  static constexpr std::string_view default_name = "categorical_accuracy";
  static constexpr bool per_class = true;

  template <class Target, class Real>
  static double right(const Target* targets, const Real* scores, std::int64_t width) {
    return argmax(targets, width) == argmax(scores, width) ? 1.0 : 0.0;
  }
};

struct SparseCategorical {
  static constexpr std::string_view class_name = "SparseCategoricalAccuracy";
  static constexpr std::string_view default_name = "sparse_categorical_accuracy";
  static constexpr bool per_class = false;

  template <class Target, class Real>
  static double right(const Target* label, const Real* scores, std::int64_t width) {
    return static_cast<double>(*label) == static_cast<double>(argmax(scores, width)) ? 1.0 : 0.0;
  }
};

struct TopK {
  static constexpr std::string_view class_name = "TopKCategoricalAccuracy";
  static constexpr std::string_view default_name = "top_k_categorical_accuracy";
  static constexpr bool per_class = true;

  std::int64_t k;

  template <class Target, class Real>
  double right(const Target* targets, const Real* scores, std::int64_t width) const {
    return in_top(scores, width, static_cast<double>(argmax(targets, width)), k);
  }
};

struct SparseTopK {
  static constexpr std::string_view class_name = "SparseTopKCategoricalAccuracy";
  static constexpr std::string_view default_name = "sparse_top_k_categorical_accuracy";
  static constexpr bool per_class = false;

  std::int64_t k;

  template <class Target, class Real>
  double right(const Target* label, const Real* scores, std::int64_t width) const {
    return in_top(scores, width, static_cast<double>(*label), k);
  }
};

template <class Kind, class Options>
MetricPtr make(const Kind& kind, const Options& options) {
  return std::make_shared<AccuracyMetric<Kind>>(
      metric_config(Kind::class_name, Kind::default_name, options), kind);
}

}  // namespace

MetricPtr metrics::Accuracy(const NameOptions& options) { return make(Equality{}, options); }

MetricPtr metrics::BinaryAccuracy(const BinaryAccuracyOptions& options) {
  return make(Binary{options.threshold}, options);
}

MetricPtr metrics::CategoricalAccuracy(const NameOptions& options) {
  return make(Categorical{}, options);
}

MetricPtr metrics::SparseCategoricalAccuracy(const NameOptions& options) {
  return make(SparseCategorical{}, options);
}

MetricPtr metrics::TopKCategoricalAccuracy(const TopKOptions& options) {
  return make(TopK{options.k}, options);
}

MetricPtr metrics::SparseTopKCategoricalAccuracy(const TopKOptions& options) {
  return make(SparseTopK{options.k}, options);
}

}  // namespace chronicler
