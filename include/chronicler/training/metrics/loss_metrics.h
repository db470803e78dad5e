// Means of losses over all that was seen, whatever their reduction.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "chronicler/training/metric.h"

namespace chronicler::metrics {

struct BinaryCrossentropyOptions {
  std::string name = {};
  bool from_logits = false;
  double label_smoothing = 0.0;

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = BinaryCrossentropyOptions;
    visit_name<Options>(visit);
    visit("from_logits", &Options::from_logits, any_value(),
          "predictions are logits, not probabilities");
    visit("label_smoothing", &Options::label_smoothing, between(0.0, 1.0),
          "how far targets are moved towards 0.5: 0 not at all, 1 all the way");
  }
};
struct CategoricalCrossentropyOptions {
  std::string name = {};
  bool from_logits = false;
  double label_smoothing = 0.0;
  std::int64_t axis = -1;

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = CategoricalCrossentropyOptions;
    visit_name<Options>(visit);
    visit("from_logits", &Options::from_logits, any_value(),
          "predictions are logits, not probabilities");
    visit("label_smoothing", &Options::label_smoothing, between(0.0, 1.0),
          "fraction of each target that is spread evenly over the classes");
    visit("axis", &Options::axis, between(-1, -1), "axis of the classes: always the last");
  }
};
struct SparseCategoricalCrossentropyOptions {
  std::string name = {};
  bool from_logits = false;
  std::optional<std::int64_t> ignore_class = {};
  std::int64_t axis = -1;

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = SparseCategoricalCrossentropyOptions;
    visit_name<Options>(visit);
    visit("from_logits", &Options::from_logits, any_value(),
          "predictions are logits, not probabilities");
    visit("ignore_class", &Options::ignore_class, any_value(),
          "label whose predictions are left out");
    visit("axis", &Options::axis, between(-1, -1), "axis of the classes: always the last",
          FieldNotes{.is_extra = true});
  }
};
struct CosineSimilarityOptions {
  std::string name = {};
  std::int64_t axis = -1;

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = CosineSimilarityOptions;
    visit_name<Options>(visit);
    visit("axis", &Options::axis, between(-1, -1), "axis of the vectors: always the last",
          FieldNotes{.is_extra = true});
  }
};
struct PerplexityOptions {
  bool from_logits = false;
  std::optional<std::int64_t> ignore_class = {};
  std::string name = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = PerplexityOptions;
    visit("from_logits", &Options::from_logits, any_value(),
          "predictions are logits, not probabilities");
    visit("ignore_class", &Options::ignore_class, any_value(),
          "label whose predictions are left out");
    visit_name<Options>(visit);
  }
};

// The mean of the sizes of errors, in the unit of the targets.
MetricPtr MeanAbsoluteError(const NameOptions& options = {});
// The mean of squared errors.
MetricPtr MeanSquaredError(const NameOptions& options = {});
// The root of the mean of squared errors, in the unit of the targets.
MetricPtr RootMeanSquaredError(const NameOptions& options = {});
// The mean of errors as parts of a hundred of their targets.
MetricPtr MeanAbsolutePercentageError(const NameOptions& options = {});
// The mean of squared differences of logarithms, of 1 + y each.
MetricPtr MeanSquaredLogarithmicError(const NameOptions& options = {});
// The mean of ln cosh of the errors.
MetricPtr LogCoshError(const NameOptions& options = {});
// The mean of p - y ln p: of counts.
MetricPtr Poisson(const NameOptions& options = {});
// How far predicted distributions are from those of the targets: the mean of sum(y ln(y / p)).
MetricPtr KLDivergence(const NameOptions& options = {});
// The mean margin between two classes, -1 and 1: max(0, 1 - y p).
MetricPtr Hinge(const NameOptions& options = {});
// The mean squared margin between two classes, -1 and 1.
MetricPtr SquaredHinge(const NameOptions& options = {});
// The mean margin between the right class and the best of the others.
MetricPtr CategoricalHinge(const NameOptions& options = {});
// The mean cross-entropy of independent yes-or-no probabilities.
MetricPtr BinaryCrossentropy(const BinaryCrossentropyOptions& options = {});
// The mean cross-entropy of distributions over classes against those given.
MetricPtr CategoricalCrossentropy(const CategoricalCrossentropyOptions& options = {});
// The mean cross-entropy of distributions over classes against labels.
MetricPtr SparseCategoricalCrossentropy(const SparseCategoricalCrossentropyOptions& options = {});
// The mean cosine of the angle between predictions and targets: 1 is the same direction.
MetricPtr CosineSimilarity(const CosineSimilarityOptions& options = {});
// e to the power of the mean sparse categorical crossentropy. Keras has it in KerasHub.
MetricPtr Perplexity(const PerplexityOptions& options = {});

}  // namespace chronicler::metrics
