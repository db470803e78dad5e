// Intersection over union of the elements of a class and those that are predicted to be.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chronicler/training/metric.h"

namespace chronicler::metrics {

template <class Options, class Visitor>
void visit_type_of_sums(Visitor&& visit) {
  visit("dtype", &Options::dtype, any_value(),
        "type of the sums: with whole numbers weights lose their fractions");
}

// The fields of the metrics of many classes, each as far as its options have the member.
template <class Options, class Visitor>
void visit_iou_fields(Visitor&& visit) {
  visit("num_classes", &Options::num_classes, at_least(1), "number of classes",
        FieldNotes{.is_required = true});
  if constexpr (requires { &Options::target_class_ids; }) {
    visit("target_class_ids", &Options::target_class_ids, at_least(0),
          "classes whose mean is taken", FieldNotes{.default_text = "all"});
  }
  visit_name<Options>(visit);
  visit_type_of_sums<Options>(visit);
  visit("ignore_class", &Options::ignore_class, any_value(),
        "label whose predictions are left out");
  if constexpr (requires { &Options::sparse_y_true; }) {
    visit("sparse_y_true", &Options::sparse_y_true, any_value(),
          "targets are labels, not one-hot rows");
  }
  visit("sparse_y_pred", &Options::sparse_y_pred, any_value(),
        "predictions are labels, not one-hot rows or scores");
  visit("axis", &Options::axis, between(-1, -1), "axis of the classes: always the last");
}

struct IoUOptions {
  std::int64_t num_classes = 0;
  std::vector<double> target_class_ids = {};
  std::string name = {};
  std::string dtype = "int64";
  std::optional<std::int64_t> ignore_class = {};
  bool sparse_y_true = true;
  bool sparse_y_pred = true;
  std::int64_t axis = -1;

  template <class Visitor>
  static void fields(Visitor&& visit) {
    visit_iou_fields<IoUOptions>(visit);
  }
};
struct MeanIoUOptions {
  std::int64_t num_classes = 0;
  std::string name = {};
  std::string dtype = "int64";
  std::optional<std::int64_t> ignore_class = {};
  bool sparse_y_true = true;
  bool sparse_y_pred = true;
  std::int64_t axis = -1;

  template <class Visitor>
  static void fields(Visitor&& visit) {
    visit_iou_fields<MeanIoUOptions>(visit);
  }
};
struct BinaryIoUOptions {
  std::vector<double> target_class_ids = {0, 1};
  double threshold = 0.5;
  std::string name = {};
  std::string dtype = "int64";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = BinaryIoUOptions;
    visit("target_class_ids", &Options::target_class_ids, between(0, 1),
          "classes whose mean is taken");
    visit("threshold", &Options::threshold, any_value(),
          "score from which on class 1 is predicted");
    visit_name<Options>(visit);
    visit_type_of_sums<Options>(visit);
  }
};
struct OneHotIoUOptions {
  std::int64_t num_classes = 0;
  std::vector<double> target_class_ids = {};
  std::string name = {};
  std::string dtype = "int64";
  std::optional<std::int64_t> ignore_class = {};
  bool sparse_y_pred = false;
  std::int64_t axis = -1;

  template <class Visitor>
  static void fields(Visitor&& visit) {
    visit_iou_fields<OneHotIoUOptions>(visit);
  }
};
struct OneHotMeanIoUOptions {
  std::int64_t num_classes = 0;
  std::string name = {};
  std::string dtype = "int64";
  std::optional<std::int64_t> ignore_class = {};
  bool sparse_y_pred = false;
  std::int64_t axis = -1;

  template <class Visitor>
  static void fields(Visitor&& visit) {
    visit_iou_fields<OneHotMeanIoUOptions>(visit);
  }
};

// Intersection over union of the elements of a class and those predicted to be of it; the mean
// of the classes that are named. Targets and predictions are labels.
MetricPtr IoU(const IoUOptions& options);
// Intersection over union of yes and no, predictions above the threshold being yes.
MetricPtr BinaryIoU(const BinaryIoUOptions& options = {});
// Intersection over union of a class and what is predicted to be of it, the mean of all classes.
// Targets and predictions are labels.
MetricPtr MeanIoU(const MeanIoUOptions& options);
// As IoU, of targets and predictions with a number for each class.
MetricPtr OneHotIoU(const OneHotIoUOptions& options);
// As MeanIoU, of targets and predictions with a number for each class.
MetricPtr OneHotMeanIoU(const OneHotMeanIoUOptions& options);

}  // namespace chronicler::metrics
