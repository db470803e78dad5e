// Passes of the trainer over batches that are gone through in several parts.
#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/runtime.h"
#include "model/model_internals.h"
#include "model/network.h"
#include "training/losses/reduced_loss.h"
#include "training/trainer.h"

namespace chronicler {
namespace {

// Copies steps between rows of (B, T, ...) and (B, S, ...), the last S of the T.
void copy_last_steps(const TensorView& longer, const TensorView& shorter, bool to_longer) {
  const std::int64_t rows = longer.shape()[0];
  const std::size_t from_row = longer.bytes() / static_cast<std::size_t>(rows);
  const std::size_t bytes = shorter.bytes() / static_cast<std::size_t>(rows);
  auto* a = static_cast<std::byte*>(longer.raw()) + (from_row - bytes);
  auto* b = static_cast<std::byte*>(shorter.raw());
  for (std::int64_t row = 0; row < rows; ++row, a += from_row, b += bytes)
    std::memcpy(to_longer ? a : b, to_longer ? b : a, bytes);
}

TensorView last_steps(Arena& arena, const TensorView& whole, std::int64_t old_steps) {
  if (!whole) return whole;
  Shape shape = whole.shape();
  shape.set(1, shape[1] - old_steps);
  const TensorView part = arena.tensor(shape, whole.dtype());
  copy_last_steps(whole, part, false);
  return part;
}

TensorView before_zeros(Arena& arena, const TensorView& part, std::int64_t old_steps) {
  if (!part) return part;
  Shape shape = part.shape();
  shape.set(1, shape[1] + old_steps);
  const TensorView whole = arena.zeros(shape, part.dtype());
  copy_last_steps(whole, part, true);
  return whole;
}

}  // namespace

Trainer::Seen Trainer::seen_part(Execution& execution, std::size_t index,
                                 std::int64_t old_steps) const {
  Seen seen{true, execution.output(index), takes_logits_ ? execution.logits(index) : Logits()};
  if (old_steps == 0) return seen;
  Arena& arena = execution.arena();
  seen.value.data = last_steps(arena, seen.value.data, old_steps);
  seen.value.mask = last_steps(arena, seen.value.mask, old_steps);
  seen.logits.data = last_steps(arena, seen.logits.data, old_steps);
  return seen;
}

void Trainer::see_outputs(Execution& execution, const PartOfBatch& part) {
  seen_.clear();
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    const bool has_steps = part.is_whole || (*part.outputs_with_steps)[i];
    seen_.push_back(seen_part(execution, i, has_steps ? part.old_steps : 0));
    seen_.back().counts = has_steps || part.is_last;
    seen_.back().share = has_steps ? part.share : 1.0;
  }
}

// The outputs of steps that were counted before have no gradient.
void Trainer::spread_gradients(Execution& execution, const PartOfBatch& part) {
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    if (!(*part.outputs_with_steps)[i]) continue;
    gradients_[i] = before_zeros(execution.arena(), gradients_[i], part.old_steps);
    logit_gradients_[i] = before_zeros(execution.arena(), logit_gradients_[i], part.old_steps);
  }
}

void Trainer::test_batch(Model& model, const Batch& batch, const PartOfBatch& part) {
  const FlushDenormals guard;
  note_loss(model, forward(model, batch, part, false, false));
  part_activity_ += ModelInternals::execution(model).activity_penalty();
  count(batch);
  if (!part.is_last) return;
  const double loss = end_of_parts(model);
  note_loss(model, loss);
  count_loss(loss, static_cast<double>(batch.size()), 1.0);
}

// What the losses of a batch are that was gone over in parts, or in one.
double Trainer::end_of_parts(Model& model) {
  double loss = std::exchange(part_activity_, 0.0);
  for (Output& output : outputs_) {
    if (!output.loss) continue;
    const bool is_sum = output.loss->reduction() == Reduction::sum;
    const double own = ReducedLoss{output.part_sum, is_sum ? 1.0 : output.part_divisor}.value();
    output.part_sum = output.part_divisor = 0.0;
    output.loss_sum += own;
    loss += own * output.weight;
  }
  return loss + weight_penalty(model, false);
}

void Trainer::carry_batch(Model& model, const Batch& batch) {
  const FlushDenormals guard;
  Execution::Mode mode;
  mode.training = true;
  mode.step = step_;
  run(model, batch, mode);
}

std::string Trainer::why_no_parts(const Model& model, const Batch& batch,
                                  const std::vector<bool>& outputs_with_steps) {
  if (outputs_.empty()) find_outputs(model);
  std::vector<Shape> shapes;
  for (const Tensor& x : batch.x) shapes.push_back(x.shape());
  shapes = ModelInternals::network(model).output_shapes(shapes);
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    const LossPtr& loss = outputs_[i].loss;
    if (!loss || !outputs_with_steps[i]) continue;
    const Shape values = loss->values_shape(shapes[i]);
    const bool of_steps = values.rank() >= 2 && values[1] == shapes[i][1];
    if (of_steps && !loss->takes_mask()) continue;
    return fmt::format(
        "the loss {} compares whole sequences of output \"{}\", which has shape {}: it has no "
        "parts",
        loss->name(), outputs_[i].name, shapes[i].to_string());
  }
  return {};
}

}  // namespace chronicler
