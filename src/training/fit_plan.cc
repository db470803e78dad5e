#include "training/fit_plan.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "training/class_weight.h"
#include "training/memory_budget.h"

namespace chronicler {

void check_positive(std::string_view name, std::int64_t value) {
  if (value > 0) return;
  throw Error(fmt::format("{} must be at least 1, got {}", name, value));
}

namespace {

void check_options(const FitOptions& options) {
  check_positive("batch_size", options.batch_size);
  check_positive("epochs", options.epochs);
  check_positive("validation_freq", options.validation_freq);
  if (options.steps_per_epoch) check_positive("steps_per_epoch", *options.steps_per_epoch);
  if (options.pause_after) check_positive("pause_after", *options.pause_after);
  if (!options.memory_budget.empty()) static_cast<void>(bytes_from(options.memory_budget));
  constexpr double most = 1e9;  // seconds or epochs: what nobody waits for
  if (options.max_seconds && !(*options.max_seconds > 0.0 && *options.max_seconds <= most)) {
    throw Error(fmt::format("max_seconds must be above 0 and at most {:g}, got {}", most,
                            *options.max_seconds));
  }
  if (options.max_epochs && !(*options.max_epochs > 0.0 && *options.max_epochs <= most)) {
    throw Error(fmt::format("max_epochs must be above 0 and at most {:g}, got {}", most,
                            *options.max_epochs));
  }
  if (options.max_seconds && options.max_epochs)
    throw Error("max_seconds and max_epochs cannot both be given", "leave one of them out");
  if (options.sample_weight && !options.class_weight.empty()) {
    throw Error("class_weight and sample_weight cannot both be given",
                "multiply them into sample_weight");
  }
  if (!(options.validation_split >= 0.0 && options.validation_split < 1.0)) {
    throw Error(fmt::format("validation_split must be at least 0 and below 1, got {}",
                            options.validation_split));
  }
}

// Weights of the samples, whichever way they were given.
TensorList sample_weights(const TensorList& y, const FitOptions& options) {
  if (options.class_weight.empty()) return options.sample_weight;
  if (y.size() != 1) {
    throw Error("class_weight needs a model with one output",
                "give sample_weight, one tensor for each output");
  }
  return TensorList({sample_weights_from_class(y.front(), options.class_weight)});
}

// How many samples come before the last ones, which validate.
std::int64_t border_of(std::int64_t size, double validation_split) {
  const auto border =
      static_cast<std::int64_t>(std::floor(static_cast<double>(size) * (1.0 - validation_split)));
  if (border > 0 && border < size) return border;
  throw Error(fmt::format("validation_split {} of {} samples leaves no {} data", validation_split,
                          size, border == 0 ? "training" : "validation"));
}

BatchCut training_cut(const FitOptions& options) {
  return {options.batch_size, options.steps_per_epoch, options.shuffle};
}
BatchCut validation_cut(const FitOptions& options) {
  return {options.validation_batch_size.value_or(options.batch_size), options.validation_steps};
}

// A Dataset to validate on, if that was given.
std::optional<FitData> given_validation(const FitOptions& options) {
  if (!options.validation_data || !options.validation_data->batches) return {};
  return fit_data(*options.validation_data->batches, options.validation_steps, "validation ");
}

// Weights of classes, put on each batch.
Dataset weighted(const Dataset& data, const std::map<std::int64_t, double>& class_weight) {
  if (class_weight.empty()) return data;
  return data.map([class_weight](Batch& batch, const BatchPlace&) {
    if (batch.y.size() != 1) {
      throw Error("class_weight needs a model with one output",
                  "give sample_weight, one tensor for each output");
    }
    batch.sample_weight = sample_weights_from_class(batch.y.front(), class_weight);
  });
}

}  // namespace

FitPlan fit_plan(Model& model, const TensorList& x, const TensorList& y,
                 const FitOptions& options) {
  check_options(options);
  Batch train = tensors_for(model, x, y, options.sample_weight, "");
  if (!options.class_weight.empty()) train.sample_weight = sample_weights(y, options);
  std::optional<Batch> validation;
  std::optional<FitData> given = given_validation(options);
  if (options.validation_data && !given) {
    const ValidationData& data = *options.validation_data;
    validation = tensors_for(model, data.x, data.y, data.sample_weight, "validation ");
  } else if (options.validation_split > 0.0) {
    const std::int64_t border = border_of(train.size(), options.validation_split);
    validation = train.rows(border, train.size());
    train = train.rows(0, border);
  }
  if (validation) given = fit_data(*std::move(validation), validation_cut(options));
  return {fit_data(std::move(train), training_cut(options)), std::move(given)};
}

FitPlan fit_plan(Model& model, SequenceData data, const FitOptions& options) {
  check_options(options);
  data.sample_weight = as_float32(sample_weights(data.y, options));
  std::optional<SequenceData> validation;
  std::optional<FitData> given = given_validation(options);
  if (options.validation_data && !given) {
    const ValidationData& held = *options.validation_data;
    validation = SequenceData{
        SequenceList({held.x.begin(), held.x.end()}), {}, {}, as_float32(held.sample_weight)};
    if (data.y_steps) {
      validation->y_steps = SequenceList({held.y.begin(), held.y.end()});
    } else {
      validation->y = held.y;
    }
  } else if (options.validation_split > 0.0) {
    const std::int64_t size = data.x.size();
    const std::int64_t border = border_of(size, options.validation_split);
    validation = data.part(border, size);
    data = data.part(0, border);
  }
  FitData train = fit_data(model, std::move(data), training_cut(options));
  if (validation) given = fit_data(model, *std::move(validation), validation_cut(options));
  return {std::move(train), std::move(given)};
}

FitPlan fit_plan(Model& model, const Dataset& data, const FitOptions& options) {
  check_options(options);
  if (options.sample_weight) {
    throw Error("sample_weight cannot be given beside a data set",
                "put it into the batches: Batch::sample_weight");
  }
  if (options.validation_split > 0.0) {
    throw Error("validation_split cannot be given beside a data set",
                "give the last part of the data as .validation_data");
  }
  FitPlan plan{fit_data(weighted(data, options.class_weight), options.steps_per_epoch, ""),
               given_validation(options)};
  if (options.validation_data && !plan.validation) {
    const ValidationData& held = *options.validation_data;
    plan.validation =
        fit_data(tensors_for(model, held.x, held.y, held.sample_weight, "validation "),
                 validation_cut(options));
  }
  return plan;
}

}  // namespace chronicler
