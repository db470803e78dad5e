#include "training/sequence_parts.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/mapped_memory.h"
#include "chronicler/base/error.h"
#include "training/data_check.h"

namespace chronicler {

PartPlan::PartPlan(std::int64_t steps, const Bptt& bptt, bool targets_of_steps)
    : steps_(steps), bptt_(bptt), learning_(1) {
  const std::int64_t more = std::max<std::int64_t>(0, steps - bptt.steps);
  if (targets_of_steps) {
    learning_ += (more + bptt.stride - 1) / bptt.stride;
  } else {
    carrying_ = (more + bptt.steps - 1) / bptt.steps;
  }
}

Part PartPlan::operator[](std::int64_t index) const {
  const std::int64_t more = std::max<std::int64_t>(0, steps_ - bptt_.steps);
  if (index < carrying_) {
    const std::int64_t begin = index * bptt_.steps;
    return {begin, std::min(more, begin + bptt_.steps), begin, false, 0.0, false};
  }
  if (carrying_ > 0) return {more, steps_, more, true, 1.0, true};
  const std::int64_t begin = index * bptt_.stride;
  const std::int64_t end = std::min(steps_, begin + bptt_.steps);
  const std::int64_t counted =
      index == 0 ? 0 : std::min(steps_, begin - bptt_.stride + bptt_.steps);
  const double share = static_cast<double>(end - counted) / static_cast<double>(steps_);
  return {begin, end, counted, end == steps_, share, true};
}

Bptt checked_bptt(Bptt bptt) {
  if (bptt.steps == 0 && bptt.stride == 0) return bptt;
  if (bptt.steps < 1) {
    throw Error(fmt::format("bptt steps must be at least 1, got {}", bptt.steps),
                "they are how many steps the gradient goes back");
  }
  if (bptt.stride == 0) bptt.stride = bptt.steps;
  if (bptt.stride < 1 || bptt.stride > bptt.steps) {
    throw Error(fmt::format("bptt stride must be from 1 to the {} steps of a part, got {}",
                            bptt.steps, bptt.stride),
                "a part begins every stride steps: with more, steps between would not be learnt");
  }
  return bptt;
}

std::string text_of(const Bptt& bptt) {
  return bptt.steps == 0 ? std::string() : fmt::format("{}:{}", bptt.steps, bptt.stride);
}

namespace {

// (B, T, ...).
std::int64_t steps_of_tensor(const Tensor& tensor) {
  return tensor.shape().rank() < 2 ? 0 : tensor.shape()[1];
}

void check_target_steps(const Tensor& y, std::int64_t steps, const std::string& title) {
  if (steps_of_tensor(y) == steps) return;
  throw Error(fmt::format("{} has shape {}, expected a target for each of the {} steps of x", title,
                          y.shape().to_string(), steps),
              "parts of sequences are learnt by the targets of their steps: (batch, steps, ...)");
}

}  // namespace

bool BatchParts::targets_of_steps() const {
  return std::find(axes_.outputs.begin(), axes_.outputs.end(), true) != axes_.outputs.end();
}

std::int64_t BatchParts::steps_of(const Batch& batch) const {
  std::int64_t steps = 0;
  for (std::size_t i = 0; i < batch.x.size(); ++i) {
    if (!axes_.inputs[i]) continue;
    const std::int64_t own = steps_of_tensor(batch.x[i]);
    if (steps == 0) steps = own;
    if (own == steps) continue;
    throw Error(fmt::format("{} has {} steps, but an input before has {}",
                            title_of("", "x", batch.x, i), own, steps),
                "sequences that go through a model together have the same steps");
  }
  for (std::size_t i = 0; i < batch.y.size(); ++i) {
    if (axes_.outputs[i]) check_target_steps(batch.y[i], steps, title_of("", "y", batch.y, i));
  }
  return steps;
}

// Steps [begin, end) of each row.
Tensor BatchParts::steps(const Tensor& whole, std::int64_t begin, std::int64_t end,
                         Room& room) const {
  check_mapped(whole);
  const std::int64_t rows = whole.shape()[0];
  const std::int64_t step = whole.shape().without_front().without_front().elements();
  Shape shape = whole.shape();
  shape.set(1, end - begin);
  if (rows == 1) return whole.part(begin * step, shape);
  if (room.next == room.tensors.size()) room.tensors.emplace_back();
  Tensor& held = room.tensors[room.next++];
  if (!held || held.dtype() != whole.dtype() || held.size() < shape.elements())
    held = Tensor(shape, whole.dtype());
  Tensor cut = held.part(0, shape);
  const std::size_t element = size_of(whole.dtype());
  const std::size_t bytes = static_cast<std::size_t>((end - begin) * step) * element;
  const std::size_t row_bytes = static_cast<std::size_t>(whole.shape()[1] * step) * element;
  const auto* from = static_cast<const std::byte*>(whole.view().raw()) +
                     static_cast<std::size_t>(begin * step) * element;
  auto* to = static_cast<std::byte*>(cut.view().raw());
  for (std::int64_t row = 0; row < rows; ++row, from += row_bytes, to += bytes)
    std::memcpy(to, from, bytes);
  return cut;
}

bool BatchParts::has_steps(const TensorList& list, std::size_t index, const std::vector<bool>& axes,
                           std::int64_t steps) const {
  const bool of_all = list.size() == 1 && axes.size() > 1;  // a weight for all outputs
  return list[index] && (of_all || axes[index]) && steps_of_tensor(list[index]) == steps;
}

void BatchParts::cut_inputs(const Batch& batch, std::int64_t begin, std::int64_t end,
                            Room& room) const {
  room.next = 0;
  std::vector<Tensor> x;
  for (std::size_t i = 0; i < batch.x.size(); ++i)
    x.push_back(axes_.inputs[i] ? steps(batch.x[i], begin, end, room) : batch.x[i]);
  std::vector<Tensor> masks;
  for (std::size_t i = 0; i < batch.masks.size(); ++i) {
    const Tensor& mask = batch.masks[i];
    masks.push_back(mask && axes_.inputs[i] ? steps(mask, begin, end, room) : mask);
  }
  room.cut.x = std::move(x);
  room.cut.masks = std::move(masks);
}

const Batch& BatchParts::inputs(const Batch& batch, std::int64_t begin, std::int64_t end) {
  cut_inputs(batch, begin, end, inputs_);
  return inputs_.cut;
}

const Batch& BatchParts::cut(const Batch& batch, const Part& part) {
  const std::int64_t all = steps_of(batch);
  cut_inputs(batch, part.begin, part.end, part_);
  const auto counted = [&](const TensorList& list) {
    std::vector<Tensor> cuts;
    for (std::size_t i = 0; i < list.size(); ++i) {
      cuts.push_back(has_steps(list, i, axes_.outputs, all)
                         ? steps(list[i], part.counted, part.end, part_)
                         : list[i]);
    }
    return cuts;
  };
  part_.cut.y = counted(batch.y);
  part_.cut.sample_weight = counted(batch.sample_weight);
  return part_.cut;
}

void BatchParts::done_with(const Batch& batch, std::int64_t begin, std::int64_t end) const {
  for (const TensorList* list : {&batch.x, &batch.y, &batch.sample_weight}) {
    for (const Tensor& tensor : *list) {
      if (!tensor || !is_mapped(tensor) || steps_of_tensor(tensor) < end) continue;
      const std::size_t row = tensor.bytes() / static_cast<std::size_t>(tensor.shape()[0]);
      const std::size_t step = row / static_cast<std::size_t>(tensor.shape()[1]);
      const auto* from = static_cast<const std::byte*>(tensor.view().raw());
      for (std::int64_t i = 0; i < tensor.shape()[0]; ++i, from += row) {
        chronicler::done_with(from + static_cast<std::size_t>(begin) * step,
                              static_cast<std::size_t>(end - begin) * step);
      }
    }
  }
}

}  // namespace chronicler
