#include <array>
#include <memory>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/operations/operation_kinds.h"
#include "layers/operations/selection.h"

namespace chronicler {
namespace {

// Of the numbers along some axes, one.
class ReduceOperation final : public OperationLayer {
 public:
  ReduceOperation(const OperationRow& row, const layers::OperationOptions& options,
                  const ReduceFunction& function)
      : OperationLayer(row, options), function_(&function) {}
  LayerPtr clone() const override { return clone_of(*this); }
  bool causal() const override { return false; }

  void forward(Pass& pass, Call& call) const override {
    const TensorView& x = call.inputs[0].data;
    const Shape shape = result_shape(std::array{x.shape()});
    const TensorView y = pass.arena.tensor(shape, type_of(function_->result, call));
    const Cut lines = lines_of(x.shape());
    auto* line = pass.arena.array<double>(lines.along.shape.elements());
    for (std::int64_t i = 0; i < y.size(); ++i) {
      gather(x, lines, i, line);
      set_number(y, i, function_->value(line, count_of(lines)));
    }
    call.outputs[0] = {y, {}};
  }

  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    if (!gradient.wanted[0]) return;
    const TensorView& x = call.inputs[0].data;
    const TensorView& y = call.outputs[0].data;
    const TensorView& dy = gradient.outputs[0];
    const TensorView dx = gradient.inputs[0] = pass.arena.zeros(x.shape(), dtype());
    if (function_->slope == nullptr || !is_real(dy.dtype()) || !is_real(y.dtype())) return;
    const Cut lines = lines_of(x.shape());
    const std::int64_t count = count_of(lines);
    auto* line = pass.arena.array<double>(count);
    auto* slopes = pass.arena.array<double>(count);
    for (std::int64_t i = 0; i < y.size(); ++i) {
      gather(x, lines, i, line);
      function_->slope(line, count, number_at(y, i), slopes);
      const std::int64_t base = lines.kept.place_of(i);
      for (std::int64_t k = 0; k < count; ++k)
        set_number(dx, base + lines.along.place_of(k), number_at(dy, i) * slopes[k]);
    }
  }

 private:
  struct Cut {
    Selection kept;   // where each line begins
    Selection along;  // where its numbers are from there
  };
  static std::int64_t count_of(const Cut& lines) { return lines.along.shape.elements(); }

  Cut lines_of(const Shape& x) const {
    const Strides strides = strides_of(x);
    Cut lines;
    for (int axis = 0; axis < x.rank(); ++axis) {
      (is_reduced(x, axis) ? lines.along : lines.kept)
          .append(x[axis], strides[static_cast<std::size_t>(axis)]);
    }
    if (count_of(lines) == 0)
      throw Error(fmt::format("{}: there is nothing in {}", described(), x.to_string()));
    return lines;
  }
  static void gather(const TensorView& x, const Cut& lines, std::int64_t i, double* line) {
    const std::int64_t base = lines.kept.place_of(i);
    const std::int64_t count = count_of(lines);
    for (std::int64_t k = 0; k < count; ++k) line[k] = number_at(x, base + lines.along.place_of(k));
  }

  bool is_reduced(const Shape& shape, int axis) const {
    return options_.axis.empty() || names_axis(shape, axis);
  }
  Shape result_shape(std::span<const Shape> inputs) const override {
    const Shape& x = inputs[0];
    for (const std::int64_t axis : options_.axis) axis_of(x, axis);
    Shape result;
    for (int axis = 0; axis < x.rank(); ++axis) {
      if (!is_reduced(x, axis)) {
        result.append(x[axis]);
      } else if (options_.keepdims) {
        result.append(1);
      }
    }
    return result;
  }

  const ReduceFunction* function_;
};

}  // namespace

OperationPtr reduce_operation(const OperationRow& row, const layers::OperationOptions& options,
                              const ReduceFunction& function) {
  return std::make_shared<ReduceOperation>(row, options, function);
}

}  // namespace chronicler
