#include "chronicler/training/metrics/loss_metrics.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "chronicler/training/losses.h"
#include "layers/core/dispatch.h"
#include "training/metrics/mean_metric.h"

namespace chronicler {
namespace {

// The mean of a loss's values.
class LossMetric : public MeanMetric {
 public:
  LossMetric(MetricConfig config, LossPtr loss)
      : MeanMetric(std::move(config)), loss_(std::move(loss)) {}
  Direction direction() const override { return Direction::down; }
  bool takes_logits() const override { return loss_->takes_logits(); }
  void see_logits(const Logits& logits) override { logits_ = logits; }
  std::shared_ptr<Metric> fresh() const override {
    return std::make_shared<LossMetric>(config(), loss_);
  }

 protected:
  void compute(TensorView y_true, TensorView y_pred, std::span<double> values) override {
    const auto size = static_cast<std::int64_t>(values.size());
    if (!buffer_ || buffer_.size() < size || buffer_.dtype() != y_pred.dtype()) {
      buffer_ = Tensor({size}, y_pred.dtype());
    }
    const TensorView results = buffer_.view().rows(0, size);
    if (logits_.data) {
      loss_->logit_values(y_true, y_pred, std::exchange(logits_, {}), results, {}, {});
    } else {
      loss_->values(y_true, y_pred, results, {});
    }
    with_real(y_pred.dtype(), [&](auto real) {
      std::ranges::copy(results.span<decltype(real)>(), values.begin());
    });
  }
  void leave_out(TensorView y_true, std::span<std::uint8_t> counts) const override {
    loss_->leave_out(y_true, counts);
  }
  const LossPtr& loss() const { return loss_; }

 private:
  LossPtr loss_;
  Tensor buffer_;
  Logits logits_;  // of the next predictions
};

class RootMeanSquaredErrorMetric final : public LossMetric {
 public:
  using LossMetric::LossMetric;
  bool heeds_mask() const override { return false; }
  double result() const override { return std::sqrt(LossMetric::result()); }
  std::shared_ptr<Metric> fresh() const override {
    return std::make_shared<RootMeanSquaredErrorMetric>(config(), loss());
  }
};

// e to the power of the mean surprise: among so many symbols one is in doubt. Keras has none.
class PerplexityMetric final : public LossMetric {
 public:
  using LossMetric::LossMetric;
  double result() const override { return is_empty() ? 0.0 : std::exp(LossMetric::result()); }
  bool dilutes() const override { return false; }
  std::shared_ptr<Metric> fresh() const override {
    return std::make_shared<PerplexityMetric>(config(), loss());
  }
};

// The cosine itself, more is better; the loss is its negative.
class CosineSimilarityMetric final : public LossMetric {
 public:
  using LossMetric::LossMetric;
  Direction direction() const override { return Direction::up; }
  double result() const override { return is_empty() ? 0.0 : -LossMetric::result(); }
  std::shared_ptr<Metric> fresh() const override {
    return std::make_shared<CosineSimilarityMetric>(config(), loss());
  }
};

template <class Metric = LossMetric, class Options>
MetricPtr make(std::string_view class_name, std::string_view name, const Options& options,
               LossPtr loss) {
  return std::make_shared<Metric>(metric_config(class_name, name, options), std::move(loss));
}

// Called as the loss is.
template <class Metric = LossMetric, class Options>
MetricPtr make(const Options& options, const LossPtr& loss) {
  return make<Metric>(loss->class_name(), loss->name(), options, loss);
}

}  // namespace

MetricPtr metrics::MeanSquaredError(const NameOptions& options) {
  return make(options, losses::MeanSquaredError());
}

MetricPtr metrics::MeanAbsoluteError(const NameOptions& options) {
  return make(options, losses::MeanAbsoluteError());
}

MetricPtr metrics::MeanAbsolutePercentageError(const NameOptions& options) {
  return make(options, losses::MeanAbsolutePercentageError());
}

MetricPtr metrics::MeanSquaredLogarithmicError(const NameOptions& options) {
  return make(options, losses::MeanSquaredLogarithmicError());
}

MetricPtr metrics::Poisson(const NameOptions& options) { return make(options, losses::Poisson()); }

MetricPtr metrics::KLDivergence(const NameOptions& options) {
  return make(options, losses::KLDivergence());
}

MetricPtr metrics::Hinge(const NameOptions& options) { return make(options, losses::Hinge()); }

MetricPtr metrics::SquaredHinge(const NameOptions& options) {
  return make(options, losses::SquaredHinge());
}

MetricPtr metrics::CategoricalHinge(const NameOptions& options) {
  return make(options, losses::CategoricalHinge());
}

MetricPtr metrics::RootMeanSquaredError(const NameOptions& options) {
  return make<RootMeanSquaredErrorMetric>("RootMeanSquaredError", "root_mean_squared_error",
                                          options, losses::MeanSquaredError());
}

MetricPtr metrics::LogCoshError(const NameOptions& options) {
  return make("LogCoshError", "logcosh", options, losses::LogCosh());
}

MetricPtr metrics::CosineSimilarity(const CosineSimilarityOptions& options) {
  return make<CosineSimilarityMetric>(options, losses::CosineSimilarity());
}

MetricPtr metrics::BinaryCrossentropy(const BinaryCrossentropyOptions& options) {
  return make(options, losses::BinaryCrossentropy({.from_logits = options.from_logits,
                                                   .label_smoothing = options.label_smoothing}));
}

MetricPtr metrics::CategoricalCrossentropy(const CategoricalCrossentropyOptions& options) {
  return make(options,
              losses::CategoricalCrossentropy({.from_logits = options.from_logits,
                                               .label_smoothing = options.label_smoothing}));
}

MetricPtr metrics::SparseCategoricalCrossentropy(
    const SparseCategoricalCrossentropyOptions& options) {
  return make(options,
              losses::SparseCategoricalCrossentropy(
                  {.from_logits = options.from_logits, .ignore_class = options.ignore_class}));
}

MetricPtr metrics::Perplexity(const PerplexityOptions& options) {
  return make<PerplexityMetric>(
      "Perplexity", "perplexity", options,
      losses::SparseCategoricalCrossentropy(
          {.from_logits = options.from_logits, .ignore_class = options.ignore_class}));
}

}  // namespace chronicler
