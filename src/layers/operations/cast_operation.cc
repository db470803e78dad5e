#include <memory>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/operations/operation_kinds.h"

namespace chronicler {
namespace {

// To another type; gradients flow from numbers to numbers.
class CastOperation final : public OperationLayer {
 public:
  using OperationLayer::OperationLayer;
  LayerPtr clone() const override { return clone_of(*this); }

  void forward(Pass& pass, Call& call) const override {
    const Value& x = call.inputs[0];
    const DType type = target();
    if (x.data.dtype() == type) {  // the same tensor, which keeps its mask
      call.outputs[0] = x;
      return;
    }
    const TensorView y = pass.arena.tensor(x.data.shape(), type);
    for (std::int64_t i = 0; i < y.size(); ++i) set_number(y, i, number_at(x.data, i));
    call.outputs[0] = {y, {}};
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    if (!gradient.wanted[0]) return;
    const TensorView& dy = gradient.outputs[0];
    gradient.inputs[0] = is_real(dy.dtype()) && is_real(target())
                             ? dy
                             : pass.arena.zeros(call.inputs[0].data.shape(), dtype());
  }
  void validate() const override { target(); }

 private:
  Shape result_shape(std::span<const Shape> inputs) const override { return inputs[0]; }
  // What Keras knows by more names than there are types here.
  DType target() const {
    const std::string& to = options_.to;
    if (to == "bool") return DType::boolean;
    for (const std::string_view name : {"float16", "bfloat16", "float32", "float64"}) {
      if (to == name) return dtype();
    }
    for (const std::string_view name :
         {"int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"}) {
      if (to == name) return DType::int32;
    }
    throw Error(fmt::format("{}: there is no type \"{}\" to cast to", described(), to),
                "for instance \"float32\", \"int32\" or \"bool\"");
  }
};

}  // namespace

OperationPtr cast_operation(const OperationRow& row, const layers::OperationOptions& options) {
  return std::make_shared<CastOperation>(row, options);
}

}  // namespace chronicler
