// Everything that fit was asked for, checked and in one place.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "training/fit_data.h"

namespace chronicler {

// Throws Error unless the value is at least 1.
void check_positive(std::string_view name, std::int64_t value);

struct FitPlan {
  FitData train;
  std::optional<FitData> validation;
};

// Throw Error if options contradict each other, or data do not fit together or not the model.
FitPlan fit_plan(Model& model, const TensorList& x, const TensorList& y, const FitOptions& options);
FitPlan fit_plan(Model& model, SequenceData data, const FitOptions& options);
FitPlan fit_plan(Model& model, const Dataset& data, const FitOptions& options);

}  // namespace chronicler
