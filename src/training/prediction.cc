#include "training/prediction.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/mapped_memory.h"
#include "chronicler/base/error.h"
#include "model/model_internals.h"
#include "model/network.h"
#include "training/part_length.h"

namespace chronicler {

void check_output_file(const Model& model, const PredictOptions& options) {
  check_steps_at_a_time(options.steps_at_a_time);
  if (options.output.empty()) return;
  if (!options.output.ends_with(".npy")) {
    throw Error(fmt::format("results are written to a .npy file, got \"{}\"", options.output),
                "give a name that ends with .npy");
  }
  const std::size_t outputs = model.built() ? ModelInternals::network(model).outputs().size() : 1;
  if (outputs == 1) return;
  throw Error(fmt::format("model \"{}\" has {} outputs, a .npy file holds one array", model.name(),
                          outputs),
              "leave the output file out, or predict with a model of one of the outputs");
}

// ---- running

Prediction::Prediction(Model& model, const PredictOptions& options)
    : model_(model), options_(options) {}

void Prediction::run_part(const Batch& batch) {
  std::vector<Value> inputs;
  for (std::size_t i = 0; i < batch.x.size(); ++i) {
    inputs.push_back({batch.x[i], i < batch.masks.size() ? batch.masks[i].view() : TensorView()});
  }
  ModelInternals::execution(model_).forward(inputs, {});
}

void Prediction::run(const Batch& batch, OutputSink& sink) {
  Execution& execution = ModelInternals::execution(model_);
  const std::size_t outputs = ModelInternals::network(model_).outputs().size();
  const std::int64_t length =
      part_length(model_, batch, options_.steps_at_a_time, !options_.output.empty());
  if (length == 0) {
    for (const Tensor& x : batch.x) check_mapped(x);
    run_part(batch);
    for (std::size_t i = 0; i < outputs; ++i) sink.take(i, execution.output(i).data, 0, 0);
    for (const Tensor& x : batch.x) done_with(x);
    return;
  }
  if (!parts_) parts_.emplace(step_axes(ModelInternals::network(model_), "steps_at_a_time"));
  const std::int64_t steps = parts_->steps_of(batch);
  const PartPlan plan(steps, {length, length}, true);
  const StatesAside aside(model_);
  const PartsRun run(model_, batch.size());
  for (std::int64_t k = 0; k < plan.size(); ++k) {
    const Part part = plan[k];
    run_part(parts_->cut(batch, part));
    for (std::size_t i = 0; i < outputs; ++i) {
      const bool has_steps = parts_->axes().outputs[i];
      if (has_steps) sink.take(i, execution.output(i).data, part.begin, steps);
      if (!has_steps && part.is_last) sink.take(i, execution.output(i).data, 0, 0);
    }
    parts_->done_with(batch, part.begin, part.end);
  }
}

// ---- results

JoinedOutputs::JoinedOutputs(std::size_t outputs, std::int64_t rows, const std::string& file)
    : rows_(rows), path_(file), results_(outputs) {}

Tensor JoinedOutputs::room(const TensorView& values, std::int64_t steps) {
  Shape shape = values.shape();
  shape.set(0, rows_);
  if (steps > 0) shape.set(1, steps);
  if (path_.empty()) return Tensor(shape, values.dtype());
  file_.emplace(path_, shape, values.dtype());
  return file_->tensor();
}

void JoinedOutputs::take(std::size_t output, const TensorView& values, std::int64_t step,
                         std::int64_t steps) {
  has_steps_ = steps > 0;
  Tensor& result = results_[output];
  if (!result) result = room(values, steps);
  const std::int64_t rows = values.shape()[0];
  const std::size_t bytes =
      values.bytes() / static_cast<std::size_t>(std::max<std::int64_t>(1, rows));
  const std::size_t row_bytes = result.bytes() / static_cast<std::size_t>(rows_);
  const std::size_t offset =
      steps == 0 ? 0 : row_bytes / static_cast<std::size_t>(steps) * static_cast<std::size_t>(step);
  const auto* from = static_cast<const std::byte*>(values.raw());
  auto* to = static_cast<std::byte*>(result.view().raw()) +
             static_cast<std::size_t>(row_) * row_bytes + offset;
  for (std::int64_t row = 0; row < rows; ++row, from += bytes, to += row_bytes) {
    std::memcpy(to, from, bytes);
    done_with(to, bytes);
  }
}

std::vector<Tensor> JoinedOutputs::finish() {
  if (file_) {
    results_.clear();  // the file is mapped anew
    return {file_->finish()};
  }
  return std::move(results_);
}

}  // namespace chronicler
