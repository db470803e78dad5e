#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/operations/operation_kinds.h"

namespace chronicler {
namespace {

// Softmax, its logarithm and sums so far, along one axis or over several.
class LineOperation final : public OperationLayer {
 public:
  using OperationLayer::OperationLayer;
  LayerPtr clone() const override { return clone_of(*this); }
  bool causal() const override { return false; }

  void forward(Pass& pass, Call& call) const override {
    const TensorView& x = call.inputs[0].data;
    const DType type = sums() ? type_of(ResultKind::common, call) : dtype();
    const TensorView y = pass.arena.tensor(x.shape(), type);
    for_each_line(x.shape(), [&](const auto& place, std::int64_t count) {
      if (sums()) {
        double total = 0.0;
        for (std::int64_t i = 0; i < count; ++i)
          set_number(y, place(i), total += number_at(x, place(i)));
        return;
      }
      double top = -std::numeric_limits<double>::infinity();
      for (std::int64_t i = 0; i < count; ++i) top = std::max(top, number_at(x, place(i)));
      double total = 0.0;
      for (std::int64_t i = 0; i < count; ++i) total += std::exp(number_at(x, place(i)) - top);
      for (std::int64_t i = 0; i < count; ++i) {
        const double above = number_at(x, place(i)) - top;
        set_number(y, place(i), logarithm() ? above - std::log(total) : std::exp(above) / total);
      }
    });
    call.outputs[0] = {y, {}};
    if (!call.logits.empty() && row().name == "Softmax")
      call.logits[0] = {x, axis_of(x.shape()) + 1 == x.shape().rank()};
  }

  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    if (!gradient.wanted[0]) return;
    const TensorView& y = call.outputs[0].data;
    const TensorView& dy = gradient.outputs[0];
    if (!dy) {
      gradient.inputs[0] = gradient.of_logits();
      return;
    }
    const TensorView dx = pass.arena.zeros(y.shape(), dtype());
    gradient.inputs[0] = dx;
    if (!is_real(y.dtype()) || !is_real(dy.dtype())) return;
    for_each_line(y.shape(), [&](const auto& place, std::int64_t count) {
      if (sums()) {
        double total = 0.0;
        for (std::int64_t i = count; i-- > 0;)
          set_number(dx, place(i), total += number_at(dy, place(i)));
        return;
      }
      double total = 0.0;
      for (std::int64_t i = 0; i < count; ++i)
        total += number_at(dy, place(i)) * (logarithm() ? 1.0 : number_at(y, place(i)));
      for (std::int64_t i = 0; i < count; ++i) {
        const double flow = number_at(dy, place(i));
        const double out = number_at(y, place(i));
        set_number(dx, place(i), logarithm() ? flow - std::exp(out) * total : out * (flow - total));
      }
    });
    gradient.inputs[0] = added(pass.arena, dx, gradient.of_logits());
  }

 private:
  bool sums() const { return row().name == "Cumsum"; }
  bool logarithm() const { return row().name == "LogSoftmax"; }

  // function(place of number i of a line, numbers of a line)
  template <class Function>
  void for_each_line(const Shape& shape, const Function& function) const {
    const int axis = axis_of(shape);
    std::int64_t stride = 1;
    for (int i = axis + 1; i < shape.rank(); ++i) stride *= shape[i];
    const std::int64_t extent = shape[axis];
    const std::int64_t lines = extent == 0 ? 0 : shape.elements() / extent;
    for (std::int64_t line = 0; line < lines; ++line) {
      const std::int64_t begin = line / stride * stride * extent + line % stride;
      function([=](std::int64_t i) { return begin + i * stride; }, extent);
    }
  }
  Shape result_shape(std::span<const Shape> inputs) const override {
    const bool one = options_.axis.size() == 1 || (options_.axis.empty() && !sums());
    if (!one || axis_of(inputs[0]) == 0) {
      throw Error(fmt::format("{} works along one axis behind the batch, got {} axes of {}",
                              described(), options_.axis.size(), inputs[0].to_string()));
    }
    return inputs[0];
  }
};

}  // namespace

OperationPtr line_operation(const OperationRow& row, const layers::OperationOptions& options) {
  return std::make_shared<LineOperation>(row, options);
}

}  // namespace chronicler
