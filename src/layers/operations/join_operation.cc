#include <memory>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/operations/operation_kinds.h"

namespace chronicler {
namespace {

// All inputs one after another along an axis: one they have (Concatenate) or a new one (Stack).
class JoinOperation final : public OperationLayer {
 public:
  using OperationLayer::OperationLayer;
  LayerPtr clone() const override { return clone_of(*this); }
  bool causal() const override { return false; }

  void forward(Pass& pass, Call& call) const override {
    const TensorView y = pass.arena.tensor(result_shape(InputShapes(call.inputs)),
                                           type_of(ResultKind::common, call));
    for_each(call, y.shape(), [&](std::size_t k, std::int64_t i, std::int64_t place) {
      set_number(y, place, number_at(call.inputs[k].data, i));
    });
    call.outputs[0] = {y, {}};
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    for (std::size_t k = 0; k < call.inputs.size(); ++k) {
      if (gradient.wanted[k])
        gradient.inputs[k] = pass.arena.zeros(call.inputs[k].data.shape(), dtype());
    }
    const TensorView& dy = gradient.outputs[0];
    if (!is_real(dy.dtype())) return;
    for_each(call, dy.shape(), [&](std::size_t k, std::int64_t i, std::int64_t place) {
      if (gradient.wanted[k]) set_number(gradient.inputs[k], i, number_at(dy, place));
    });
  }

 private:
  bool stacks() const { return row().name == "Stack"; }
  int join_axis(const Shape& x) const {
    const std::int64_t given = options_.axis.empty() ? (stacks() ? 0 : -1) : options_.axis.front();
    return axis_of(x, given, stacks() ? 1 : 0);
  }

  // function(input, place in it, place in the result)
  template <class Function>
  void for_each(const Call& call, const Shape& result, const Function& function) const {
    const int axis = join_axis(call.inputs[0].data.shape());
    std::int64_t inner = 1;
    for (int i = axis + 1; i < result.rank(); ++i) inner *= result[i];
    const std::int64_t row_size = result[axis] * inner;
    std::int64_t begin = 0;
    for (std::size_t k = 0; k < call.inputs.size(); ++k) {
      const TensorView& x = call.inputs[k].data;
      const std::int64_t width = (stacks() ? 1 : x.shape()[axis]) * inner;
      for (std::int64_t i = 0; i < x.size(); ++i)
        function(k, i, i / width * row_size + begin + i % width);
      begin += width;
    }
  }

  Shape result_shape(std::span<const Shape> inputs) const override {
    const int axis = join_axis(inputs[0]);
    Shape result = inputs[0];
    for (const Shape& shape : inputs.subspan(1)) {
      if (shape.rank() != result.rank()) refuse(inputs[0], shape);
      for (int i = 0; i < result.rank(); ++i) {
        const bool known = result[i] != None && shape[i] != None;
        if (!stacks() && i == axis) {
          result.set(i, known ? result[i] + shape[i] : None);
        } else if (result[i] != shape[i]) {
          if (known) refuse(inputs[0], shape);
          if (result[i] == None) result.set(i, shape[i]);
        }
      }
    }
    if (!stacks()) return result;
    Shape stacked;
    for (int i = 0; i < result.rank(); ++i) {
      if (i == axis) stacked.append(static_cast<std::int64_t>(inputs.size()));
      stacked.append(result[i]);
    }
    if (axis == result.rank()) stacked.append(static_cast<std::int64_t>(inputs.size()));
    return stacked;
  }
  [[noreturn]] void refuse(const Shape& a, const Shape& b) const {
    throw Error(fmt::format("{}: {} and {} do not fit", described(), a.to_string(), b.to_string()));
  }
};

}  // namespace

OperationPtr join_operation(const OperationRow& row, const layers::OperationOptions& options) {
  return std::make_shared<JoinOperation>(row, options);
}

}  // namespace chronicler
