// What targets must look like: checked before training starts.
#pragma once

#include <cstdint>
#include <string_view>

#include "chronicler/base/tensor.h"

namespace chronicler {

// Whether the shapes are equal, or would be without a last extent of 1.
bool same_but_for_trailing_one(const Shape& a, const Shape& b);

// For errors: whose targets they are ("mean_squared_error") and what the caller calls them ("y").
struct TargetNames {
  std::string_view loss;
  std::string_view targets;
};

// Throws Error unless there is one target for each prediction.
void check_dense_targets(const TensorView& y_true, const Shape& y_pred, const TargetNames& names);

// Throws Error unless all targets are from `low` to `high`. NaN passes: it is looked for elsewhere.
void check_target_range(const TensorView& y_true, double low, double high,
                        const TargetNames& names);

// Throws Error unless there is one label for each row of `y_pred`.
void check_label_shape(const TensorView& y_true, const Shape& y_pred, const TargetNames& names);

// Throws Error unless the scores are those of two classes or more.
void check_several_classes(const Shape& y_pred, const TargetNames& names);

// For an Error: `label` at place `index` is not a class.
[[noreturn]] void label_outside(double label, std::int64_t index, const Shape& labels,
                                std::int64_t classes, std::string_view targets);

}  // namespace chronicler
