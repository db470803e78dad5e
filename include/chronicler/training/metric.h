// A metric: running sums over batches, read at any time. Each has its header in metrics/.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chronicler/base/fields.h"
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
  // The updates that follow are each of a part of their sequences' steps, this share of them: for a
  // metric in which a sample counts once however many steps it has.
  virtual void see_share(double /*share*/) {}
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

// By Keras's name, which also becomes the key. "accuracy", "acc", "crossentropy" and "ce" are
// chosen by the shapes: binary if predictions have one number, sparse if targets are labels, else
// categorical. Error with the nearest names otherwise.
MetricPtr get(std::string_view name, const Shape& y_true, const Shape& y_pred);
MetricPtr from(std::string_view class_name, const std::vector<Setting>& settings);
std::vector<std::string_view> class_names();
// Throws for a name that get() would not know; lets compile() refuse it before there is data.
void check_name(std::string_view name);

// The field that the options of every metric have.
template <class Options, class Visitor>
void visit_name(Visitor&& visit) {
  visit("name", &Options::name, any_value(), "key of the metric in logs and files",
        FieldNotes{.default_text = "the metric's own"});
}

// The options of a metric that has no others.
struct NameOptions {
  std::string name = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    visit_name<NameOptions>(visit);
  }
};

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
