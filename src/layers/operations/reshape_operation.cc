#include <algorithm>
#include <array>
#include <memory>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/lines.h"
#include "layers/operations/operation_kinds.h"

namespace chronicler {
namespace {

// The same numbers in the same order.
class ReshapeOperation final : public OperationLayer {
 public:
  using OperationLayer::OperationLayer;
  LayerPtr clone() const override { return clone_of(*this); }
  bool causal() const override { return row().name != "Reshape"; }
  bool passes_on(bool /*training*/) const override { return row().name == "ConvertToTensor"; }

  void forward(Pass& /*pass*/, Call& call) const override {
    const Value& x = call.inputs[0];
    const Shape shape = result_shape(std::array{x.data.shape()});
    if (shape.elements() != x.data.size()) wrong_size(x.data.shape());
    // Of these, what Keras hands on as it is keeps its mask.
    const bool same = row().name == "ConvertToTensor" || row().name == "Copy";
    call.outputs[0] = {x.data.reshaped(shape), same ? x.mask : TensorView()};
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    if (!gradient.wanted[0]) return;
    const TensorView& dy = gradient.outputs[0];
    const Shape& shape = call.inputs[0].data.shape();
    const bool flows = is_real(dy.dtype()) && row().name != "StopGradient";
    gradient.inputs[0] = flows ? dy.reshaped(shape) : pass.arena.zeros(shape, dtype());
  }

 private:
  [[noreturn]] void wrong_size(const Shape& x) const {
    Shape wanted;
    for (const std::int64_t size : options_.sizes) wanted.append(size);
    throw Error(fmt::format("{}: the numbers of {} do not fit into {}", described(), x.to_string(),
                            wanted.to_string()));
  }

  Shape result_shape(std::span<const Shape> inputs) const override {
    const Shape& x = inputs[0];
    if (row().name == "ExpandDims") return expanded(x);
    if (row().name == "Squeeze") return squeezed(x);
    return row().name == "Reshape" ? filled(x) : x;
  }

  Shape expanded(const Shape& x) const {
    const int extra = static_cast<int>(std::max<std::size_t>(options_.axis.size(), 1));
    const int rank = x.rank() + extra;
    if (rank > Shape::max_rank)
      throw Error(fmt::format("{}: {} has axes enough", described(), x.to_string()));
    AxisSet fresh;
    for (int i = 0; i < extra; ++i) {
      const int axis = axis_of(
          x, options_.axis.empty() ? -1 : options_.axis[static_cast<std::size_t>(i)], extra);
      if (fresh.has(axis)) throw Error(fmt::format("{}: an axis is named twice", described()));
      fresh.add(axis);
    }
    Shape result;
    int from = 0;
    for (int axis = 0; axis < rank; ++axis) result.append(fresh.has(axis) ? 1 : x[from++]);
    return result;
  }

  Shape squeezed(const Shape& x) const {
    Shape result;
    for (int axis = 0; axis < x.rank(); ++axis) {
      const bool named = names_axis(x, axis);
      if (named && x[axis] != 1) {
        throw Error(fmt::format("{}: axis {} of {} is not 1", described(), axis, x.to_string()));
      }
      const bool drop = named || (options_.axis.empty() && x[axis] == 1 && axis > 0);
      if (!drop) result.append(x[axis]);
    }
    return result;
  }

  Shape filled(const Shape& x) const {
    if (options_.sizes.empty() || options_.sizes.size() > Shape::max_rank) wrong_size(x);
    Shape result;
    int open = -1;
    std::int64_t known = 1;
    for (const std::int64_t size : options_.sizes) {
      if (size < -1 || (size == -1 && open >= 0)) wrong_size(x);
      if (size == -1) open = result.rank();
      if (size >= 0 && __builtin_mul_overflow(known, size, &known)) wrong_size(x);
      result.append(size == -1 ? None : size);
    }
    if (open < 0 || !x.is_known()) {
      if (open == 0 && !x.is_known() && x.without_front().is_known() && known > 0) {
        // (None, 4, 3) to (-1, 12): the batch; to (-1, 3) it would become another one.
        if (x.without_front().elements() != known) wrong_size(x);
      }
      return result;
    }
    if (known == 0 || x.elements() % known != 0) wrong_size(x);
    result.set(open, x.elements() / known);
    return result;
  }
};

}  // namespace

OperationPtr reshape_operation(const OperationRow& row, const layers::OperationOptions& options) {
  return std::make_shared<ReshapeOperation>(row, options);
}

}  // namespace chronicler
