#include "chronicler/layers/concatenate.h"

#include <algorithm>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/dispatch.h"
#include "layers/core/layer_with.h"
#include "layers/elementwise/input_shapes.h"

namespace chronicler {
namespace {

class ConcatenateLayer final : public LayerWith<ConcatenateLayer, layers::ConcatenateOptions> {
 public:
  using LayerWith::LayerWith;
  std::string_view class_name() const override { return "Concatenate"; }
  bool causal() const override { return options_.axis == -1 || options_.axis > 1; }

  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return {joined(inputs)};
  }
  void check_inputs(std::span<const Value> inputs) const override {
    if (inputs.empty()) throw Error(fmt::format("{} takes one input or more", described()));
    joined(inputs);
  }

  void forward(Pass& pass, Call& call) const override {
    const Shape shape = joined(call.inputs);
    const int axis = axis_of(shape);
    const TensorView y = pass.arena.tensor(shape, dtype());
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      for_each_piece(call, axis, shape,
                     [&](std::size_t i, std::int64_t in, std::int64_t out, std::int64_t count) {
                       std::copy_n(call.inputs[i].data.as<Real>() + in, count, y.as<Real>() + out);
                     });
    });
    call.outputs[0] = {y, mask_of(pass, call, axis, shape)};
  }

  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    const Shape& shape = call.outputs[0].data.shape();
    for (std::size_t i = 0; i < call.inputs.size(); ++i) {
      if (gradient.wanted[i])
        gradient.inputs[i] = pass.arena.tensor(call.inputs[i].data.shape(), dtype());
    }
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      const Real* dy = gradient.outputs[0].as<Real>();
      for_each_piece(call, axis_of(shape), shape,
                     [&](std::size_t i, std::int64_t in, std::int64_t out, std::int64_t count) {
                       if (gradient.wanted[i])
                         std::copy_n(dy + out, count, gradient.inputs[i].template as<Real>() + in);
                     });
    });
  }

 private:
  void build_weights(std::span<const Shape> inputs) override { joined(inputs); }

  template <class Input>
  Shape joined(std::span<const Input> inputs) const {
    Shape result = shape_of(inputs[0]);
    const int axis = axis_of(result);
    for (const Input& input : inputs.subspan(1)) {
      const Shape& shape = shape_of(input);
      if (shape.rank() != result.rank()) refuse(inputs);
      for (int i = 0; i < result.rank(); ++i) {
        const bool known = result[i] != None && shape[i] != None;
        if (i == axis) {
          result.set(i, known ? result[i] + shape[i] : None);
        } else if (result[i] != shape[i]) {
          if (known) refuse(inputs);
          if (result[i] == None) result.set(i, shape[i]);
        }
      }
    }
    return result;
  }
  int axis_of(const Shape& shape) const {
    const std::int64_t axis = options_.axis < 0 ? options_.axis + shape.rank() : options_.axis;
    if (axis >= 1 && axis < shape.rank()) return static_cast<int>(axis);
    throw Error(fmt::format("{}: there is no axis {} to put {} together along", described(),
                            options_.axis, shape.to_string()),
                "axes are counted from the batch, 0, which stays");
  }
  template <class Input>
  [[noreturn]] void refuse(std::span<const Input> inputs) const {
    throw Error(fmt::format("{}: its inputs differ in more than axis {}: {}", described(),
                            options_.axis, listed(inputs)));
  }

  // function(input, place in it, place in the result, numbers)
  template <class Function>
  static void for_each_piece(const Call& call, int axis, const Shape& result,
                             const Function& function) {
    std::int64_t outer = 1;
    std::int64_t inner = 1;
    for (int i = 0; i < axis; ++i) outer *= result[i];
    for (int i = axis + 1; i < result.rank(); ++i) inner *= result[i];
    std::int64_t begin = 0;
    for (std::size_t i = 0; i < call.inputs.size(); ++i) {
      const std::int64_t count = call.inputs[i].data.shape()[axis] * inner;
      for (std::int64_t row = 0; row < outer; ++row)
        function(i, row * count, row * result[axis] * inner + begin, count);
      begin += count;
    }
  }

  // As in Keras: along the steps masks are put together, along features a step counts if it does in
  // any input; an input without a mask counts everywhere.
  TensorView mask_of(Pass& pass, const Call& call, int axis, const Shape& result) const {
    if (std::none_of(call.inputs.begin(), call.inputs.end(),
                     [](const Value& input) { return static_cast<bool>(input.mask); })) {
      return {};
    }
    const TensorView mask = pass.arena.zeros(places_of(result), DType::boolean);
    std::int64_t inner = 1;
    for (int i = axis + 1; i < mask.shape().rank(); ++i) inner *= result[i];
    const bool along_features = axis == mask.shape().rank();
    std::int64_t begin = 0;
    for (const Value& input : call.inputs) {
      const Shape own = places_of(input.data.shape());
      if (input.mask && !(input.mask.shape() == own)) {
        throw Error(fmt::format("{}: a mask {} does not fit {}", described(),
                                input.mask.shape().to_string(), input.data.shape().to_string()));
      }
      const std::int64_t along = along_features ? 1 : own[axis];
      const std::int64_t whole = along_features ? 1 : result[axis];
      for (std::int64_t i = 0; i < own.elements(); ++i) {
        const bool counts = !input.mask || input.mask.as<std::uint8_t>()[i] != 0;
        const std::int64_t outer = i / (along * inner);
        const std::int64_t place = outer * whole * inner + begin * inner + i % (along * inner);
        mask.as<std::uint8_t>()[along_features ? i : place] |= static_cast<std::uint8_t>(counts);
      }
      begin += along;
    }
    return mask;
  }
};

}  // namespace

LayerPtr layers::Concatenate(const ConcatenateOptions& options) {
  return make_valid<ConcatenateLayer>(options);
}

}  // namespace chronicler
