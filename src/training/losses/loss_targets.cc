#include "training/losses/loss_targets.h"

#include <cmath>
#include <string>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "training/losses/prediction_rows.h"
#include "training/place.h"

namespace chronicler {
namespace {

// The shape without a last extent of 1; (N, 1) and (N) are the same to a loss.
Shape without_trailing_one(const Shape& shape) {
  return shape.rank() > 1 && shape[-1] == 1 ? shape_of_rows(shape) : shape;
}

bool is_one_label_a_row(const Shape& y_true, const Shape& y_pred) {
  return without_trailing_one(y_true) == without_trailing_one(shape_of_rows(y_pred));
}

}  // namespace

bool same_but_for_trailing_one(const Shape& a, const Shape& b) {
  return without_trailing_one(a) == without_trailing_one(b);
}

void check_dense_targets(const TensorView& y_true, const Shape& y_pred, const TargetNames& names) {
  with_target(y_true.dtype(), [](auto) {});
  if (same_but_for_trailing_one(y_true.shape(), y_pred)) return;
  std::string hint = fmt::format("give {} the shape of the predictions", names.targets);
  if (names.loss == "categorical_crossentropy" && is_one_label_a_row(y_true.shape(), y_pred)) {
    hint = "for whole-number labels use the loss \"sparse_categorical_crossentropy\"";
  } else if (y_true.shape().rank() + 1 == y_pred.rank() && y_true.shape()[0] == y_pred[0] &&
             y_pred.rank() == 3) {
    hint = "for one target a sequence set return_sequences=false on the last recurrent layer";
  }
  throw Error(
      fmt::format("{} has shape {}, but {} compares it with predictions of shape {}", names.targets,
                  y_true.shape().to_string(), names.loss, y_pred.to_string()),
      hint);
}

void check_target_range(const TensorView& y_true, double low, double high,
                        const TargetNames& names) {
  with_target(y_true.dtype(), [&](auto target) {
    const auto targets = y_true.span<decltype(target)>();
    for (std::size_t i = 0; i < targets.size(); ++i) {
      const auto value = static_cast<double>(targets[i]);
      if (!(value < low) && !(value > high)) continue;
      const std::string range = std::isinf(high) ? fmt::format("of at least {}", low)
                                                 : fmt::format("from {} to {}", low, high);
      throw Error(
          fmt::format("{} holds {} at {}, but {} needs targets {}", names.targets, value,
                      place_in(y_true.shape(), static_cast<std::int64_t>(i)), names.loss, range),
          "for numbers that are not probabilities use \"mean_squared_error\"");
    }
  });
}

void check_label_shape(const TensorView& y_true, const Shape& y_pred, const TargetNames& names) {
  with_target(y_true.dtype(), [](auto) {});
  if (is_one_label_a_row(y_true.shape(), y_pred)) return;
  const std::string hint = y_true.shape() == y_pred
                               ? "for one-hot targets use the loss \"categorical_crossentropy\""
                               : "give one whole-number label for each prediction";
  throw Error(fmt::format("{} has shape {}, but {} needs labels of shape {} for predictions of {}",
                          names.targets, y_true.shape().to_string(), names.loss,
                          shape_of_rows(y_pred).to_string(), y_pred.to_string()),
              hint);
}

void check_several_classes(const Shape& y_pred, const TargetNames& names) {
  if (PredictionRows(y_pred).width > 1) return;
  throw Error(fmt::format("{} needs predictions of two classes or more, got shape {}", names.loss,
                          y_pred.to_string()),
              "for a single probability use \"binary_crossentropy\"");
}

void label_outside(double label, std::int64_t index, const Shape& labels, std::int64_t classes,
                   std::string_view targets) {
  const std::string place = place_of_label(labels, index);
  if (label != std::floor(label)) {
    throw Error(fmt::format("label {} at {} of {} is not a whole number", label, place, targets),
                "for targets that are probabilities use \"categorical_crossentropy\"");
  }
  std::string hint =
      label < 0
          ? "labels start at 0; one that does not count is named by ignore_class"
          : fmt::format("give the last layer {} units, or number the classes from 0", label + 1.0);
  throw Error(
      fmt::format("label {} at {} of {} is outside 0..{}", label, place, targets, classes - 1),
      std::move(hint));
}

}  // namespace chronicler
