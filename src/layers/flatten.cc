#include "chronicler/layers/flatten.h"

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/kinds.h"

namespace chronicler {
namespace {

class FlattenLayer final : public Layer {
 public:
  explicit FlattenLayer(const layers::FlattenOptions& options) : options_(options) {
    take_common(options_);
  }

  std::string_view class_name() const override { return "Flatten"; }
  LayerPtr clone() const override { return clone_of(*this); }
  void fields(FieldVisitor& visitor) override {
    std::string data_format = "channels_last";
    visitor.field("data_format", data_format);
    if (data_format == "channels_last") return;
    throw Error(fmt::format("{}: data_format must be \"channels_last\", got \"{}\"", described(),
                            data_format),
                "put the channels on the last axis");
  }
  bool supports_masking() const override { return false; }
  bool causal() const override { return false; }

  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    const Shape sample = inputs[0].without_front();
    return {Shape{inputs[0][0], sample.is_known() ? sample.elements() : None}};
  }
  void forward(Pass& /*pass*/, Call& call) const override {
    const TensorView x = call.inputs[0].data;
    call.outputs[0] = {x.reshaped({x.shape()[0], x.size() / x.shape()[0]}), {}};
  }
  void backward(Pass& /*pass*/, const Call& call, CallGradient& gradient) const override {
    if (gradient.wanted[0])
      gradient.inputs[0] = gradient.outputs[0].reshaped(call.inputs[0].data.shape());
  }

 private:
  layers::FlattenOptions options_;
};

}  // namespace

LayerPtr layers::Flatten(const FlattenOptions& options) {
  return make_valid<FlattenLayer>(options);
}
LayerPtr make_flatten() { return std::make_shared<FlattenLayer>(layers::FlattenOptions{}); }

}  // namespace chronicler
