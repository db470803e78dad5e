// The mean of a loss, without its reduction.
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

MetricPtr MeanAbsoluteError(const NameOptions& options = {});
MetricPtr MeanSquaredError(const NameOptions& options = {});
MetricPtr RootMeanSquaredError(const NameOptions& options = {});
MetricPtr MeanAbsolutePercentageError(const NameOptions& options = {});
MetricPtr MeanSquaredLogarithmicError(const NameOptions& options = {});
MetricPtr LogCoshError(const NameOptions& options = {});
MetricPtr Poisson(const NameOptions& options = {});
MetricPtr KLDivergence(const NameOptions& options = {});
MetricPtr Hinge(const NameOptions& options = {});
MetricPtr SquaredHinge(const NameOptions& options = {});
MetricPtr CategoricalHinge(const NameOptions& options = {});
MetricPtr BinaryCrossentropy(const BinaryCrossentropyOptions& options = {});
MetricPtr CategoricalCrossentropy(const CategoricalCrossentropyOptions& options = {});
MetricPtr SparseCategoricalCrossentropy(const SparseCategoricalCrossentropyOptions& options = {});
MetricPtr CosineSimilarity(const CosineSimilarityOptions& options = {});
// Not in Keras: e to the power of the mean sparse categorical crossentropy.
MetricPtr Perplexity(const PerplexityOptions& options = {});

}  // namespace chronicler::metrics
