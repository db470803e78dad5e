#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/places.h"
#include "layers/operations/operation_kinds.h"

namespace chronicler {
namespace {

// Of single numbers.
class ElementOperation final : public OperationLayer {
 public:
  ElementOperation(const OperationRow& row, const layers::OperationOptions& options,
                   const ElementFunction& function)
      : OperationLayer(row, options), function_(&function) {}
  LayerPtr clone() const override { return clone_of(*this); }

  void forward(Pass& pass, Call& call) const override {
    const Shape shape = result_shape(InputShapes(call.inputs));
    const Arguments arguments = arguments_of(call);
    // Where: the first argument only chooses.
    const DType type = type_of(function_->result, call, function_->arguments == 3 ? 1 : 0);
    const TensorView y = pass.arena.tensor(shape, type);
    std::array<double, most_arguments> a{};
    for (std::int64_t i = 0; i < y.size(); ++i) {
      read(arguments, shape, i, a);
      set_number(y, i, function_->value(a.data(), settings().data()));
    }
    call.outputs[0] = {y, {}};
    if (!call.logits.empty() && row().name == "Sigmoid") call.logits[0] = {call.inputs[0].data};
  }

  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    for (std::size_t k = 0; k < call.inputs.size(); ++k) {
      if (gradient.wanted[k])
        gradient.inputs[k] = pass.arena.zeros(call.inputs[k].data.shape(), dtype());
    }
    if (const TensorView direct = gradient.of_logits(); direct && gradient.wanted[0])
      copy(direct, gradient.inputs[0]);
    if (!gradient.outputs[0]) return;
    const TensorView& dy = gradient.outputs[0];
    const TensorView& y = call.outputs[0].data;
    if (function_->slope == nullptr || !is_real(dy.dtype()) || !is_real(y.dtype())) return;
    const Arguments arguments = arguments_of(call);
    std::array<double, most_arguments> a{};
    std::size_t input = 0;
    for (int k = 0; k < function_->arguments; ++k) {
      if (!is_symbol(static_cast<std::size_t>(k))) continue;
      const std::size_t own = input++;
      if (!gradient.wanted[own]) continue;
      const TensorView& dx = gradient.inputs[own];
      for (std::int64_t i = 0; i < dy.size(); ++i) {
        const double flow = number_at(dy, i);
        if (flow == 0.0) continue;
        read(arguments, y.shape(), i, a);
        const std::int64_t place = dx.shape() == y.shape() ? i : place_in(dx.shape(), y.shape(), i);
        const double slope = function_->slope(k, a.data(), number_at(y, i), settings().data());
        set_number(dx, place, number_at(dx, place) + flow * slope);
      }
    }
  }

 private:
  using Arguments = std::array<TensorView, most_arguments>;

  void read(const Arguments& arguments, const Shape& shape, std::int64_t i,
            std::array<double, most_arguments>& a) const {
    for (std::size_t k = 0; k < static_cast<std::size_t>(function_->arguments); ++k) {
      const TensorView& x = arguments[k];
      a[k] = number_at(x, x.shape() == shape ? i : place_in(x.shape(), shape, i));
    }
  }

  Shape result_shape(std::span<const Shape> inputs) const override {
    const std::array<Shape, most_arguments> shapes = argument_shapes(inputs);
    Shape result = shapes[0];
    for (std::size_t k = 1; k < static_cast<std::size_t>(function_->arguments); ++k) {
      const std::optional<Shape> both = shape_of_both(result, shapes[k]);
      if (!both) {
        throw Error(fmt::format("{}: {} and {} do not fit", described(), result.to_string(),
                                shapes[k].to_string()));
      }
      result = *both;
    }
    return result;
  }

  const ElementFunction* function_;
};

}  // namespace

OperationPtr element_operation(const OperationRow& row, const layers::OperationOptions& options,
                               const ElementFunction& function) {
  return std::make_shared<ElementOperation>(row, options, function);
}

}  // namespace chronicler
