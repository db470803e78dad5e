#include "training/metrics/loss_metrics.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "chronicler/training/losses.h"
#include "layers/core/dispatch.h"
#include "training/metrics/mean_metric.h"

namespace chronicler {
namespace {

// The mean of a loss's values. Its settings are the loss's, without the reduction.
class LossMetric : public MeanMetric {
 public:
  LossMetric(std::string name, LossPtr loss)
      : MeanMetric(std::move(name)), loss_(std::move(loss)) {}
  std::string_view class_name() const override { return loss_->class_name(); }
  Direction direction() const override { return Direction::down; }
  bool takes_logits() const override { return loss_->takes_logits(); }
  void see_logits(const Logits& logits) override { logits_ = logits; }
  std::shared_ptr<Metric> fresh() const override {
    return std::make_shared<LossMetric>(std::string(name()), loss_);
  }
  std::vector<Setting> settings() const override {
    std::vector<Setting> own = loss_->settings();
    std::erase_if(own, [](const Setting& setting) {
      return setting.name == "name" || setting.name == "reduction";
    });
    return settings_with(std::move(own));
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

// Keras's loss has an axis, its metric has none.
class BinaryCrossentropyMetric final : public LossMetric {
 public:
  using LossMetric::LossMetric;
  std::shared_ptr<Metric> fresh() const override {
    return std::make_shared<BinaryCrossentropyMetric>(std::string(name()), loss());
  }
  std::vector<Setting> settings() const override {
    std::vector<Setting> own = LossMetric::settings();
    std::erase_if(own, [](const Setting& setting) { return setting.name == "axis"; });
    return own;
  }
};

class RootMeanSquaredErrorMetric final : public LossMetric {
 public:
  explicit RootMeanSquaredErrorMetric(std::string name)
      : LossMetric(std::move(name), losses::MeanSquaredError()) {}
  std::string_view class_name() const override { return "RootMeanSquaredError"; }
  bool heeds_mask() const override { return false; }
  double result() const override { return std::sqrt(LossMetric::result()); }
  std::shared_ptr<Metric> fresh() const override {
    return std::make_shared<RootMeanSquaredErrorMetric>(std::string(name()));
  }
};

// e to the power of the mean surprise: among so many symbols one is in doubt. Keras has none.
class PerplexityMetric final : public LossMetric {
 public:
  PerplexityMetric(std::string name, LossPtr loss) : LossMetric(std::move(name), std::move(loss)) {}
  std::string_view class_name() const override { return "Perplexity"; }
  double result() const override { return is_empty() ? 0.0 : std::exp(LossMetric::result()); }
  bool dilutes() const override { return false; }
  std::shared_ptr<Metric> fresh() const override {
    return std::make_shared<PerplexityMetric>(std::string(name()), loss());
  }
};

// The cosine itself, more is better; the loss is its negative.
class CosineSimilarityMetric final : public LossMetric {
 public:
  explicit CosineSimilarityMetric(std::string name)
      : LossMetric(std::move(name), losses::CosineSimilarity()) {}
  Direction direction() const override { return Direction::up; }
  double result() const override { return is_empty() ? 0.0 : -LossMetric::result(); }
  std::shared_ptr<Metric> fresh() const override {
    return std::make_shared<CosineSimilarityMetric>(std::string(name()));
  }
};

class LogCoshErrorMetric final : public LossMetric {
 public:
  explicit LogCoshErrorMetric(std::string name) : LossMetric(std::move(name), losses::LogCosh()) {}
  std::string_view class_name() const override { return "LogCoshError"; }
  std::shared_ptr<Metric> fresh() const override {
    return std::make_shared<LogCoshErrorMetric>(std::string(name()));
  }
};

std::string take_name(SettingsReader& settings, std::string_view otherwise) {
  settings.ignore("dtype");
  return settings.text("name", otherwise);
}

MetricPtr make(SettingsReader& settings, const LossPtr& loss) {
  return std::make_shared<LossMetric>(take_name(settings, loss->name()), loss);
}

}  // namespace

MetricPtr mean_squared_error_metric_from(SettingsReader& settings) {
  return make(settings, losses::MeanSquaredError());
}

MetricPtr mean_absolute_error_metric_from(SettingsReader& settings) {
  return make(settings, losses::MeanAbsoluteError());
}

MetricPtr root_mean_squared_error_metric_from(SettingsReader& settings) {
  return std::make_shared<RootMeanSquaredErrorMetric>(
      take_name(settings, "root_mean_squared_error"));
}

MetricPtr binary_crossentropy_metric_from(SettingsReader& settings) {
  settings.only("axis", std::int64_t{-1});  // Chronicler once wrote it
  const LossPtr loss =
      losses::BinaryCrossentropy({.from_logits = settings.flag("from_logits", false),
                                  .label_smoothing = settings.number("label_smoothing", 0.0)});
  return std::make_shared<BinaryCrossentropyMetric>(take_name(settings, loss->name()), loss);
}

MetricPtr categorical_crossentropy_metric_from(SettingsReader& settings) {
  settings.only("axis", std::int64_t{-1});
  return make(settings, losses::CategoricalCrossentropy(
                            {.from_logits = settings.flag("from_logits", false),
                             .label_smoothing = settings.number("label_smoothing", 0.0)}));
}

MetricPtr sparse_categorical_crossentropy_metric_from(SettingsReader& settings) {
  settings.only("axis", std::int64_t{-1});
  return make(settings, losses::SparseCategoricalCrossentropy(
                            {.from_logits = settings.flag("from_logits", false),
                             .ignore_class = settings.optional_whole("ignore_class")}));
}

MetricPtr mean_absolute_percentage_error_metric_from(SettingsReader& settings) {
  return make(settings, losses::MeanAbsolutePercentageError());
}

MetricPtr mean_squared_logarithmic_error_metric_from(SettingsReader& settings) {
  return make(settings, losses::MeanSquaredLogarithmicError());
}

MetricPtr poisson_metric_from(SettingsReader& settings) {
  return make(settings, losses::Poisson());
}

MetricPtr kl_divergence_metric_from(SettingsReader& settings) {
  return make(settings, losses::KLDivergence());
}

MetricPtr hinge_metric_from(SettingsReader& settings) { return make(settings, losses::Hinge()); }

MetricPtr squared_hinge_metric_from(SettingsReader& settings) {
  return make(settings, losses::SquaredHinge());
}

MetricPtr categorical_hinge_metric_from(SettingsReader& settings) {
  return make(settings, losses::CategoricalHinge());
}

MetricPtr cosine_similarity_metric_from(SettingsReader& settings) {
  settings.only("axis", std::int64_t{-1});
  return std::make_shared<CosineSimilarityMetric>(take_name(settings, "cosine_similarity"));
}

MetricPtr log_cosh_error_metric_from(SettingsReader& settings) {
  return std::make_shared<LogCoshErrorMetric>(take_name(settings, "logcosh"));
}

MetricPtr perplexity_from(SettingsReader& settings) {
  std::string name = take_name(settings, "perplexity");
  return std::make_shared<PerplexityMetric>(
      std::move(name), losses::SparseCategoricalCrossentropy(
                           {.from_logits = settings.flag("from_logits", false),
                            .ignore_class = settings.optional_whole("ignore_class")}));
}

}  // namespace chronicler
