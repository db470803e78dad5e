#include "chronicler/layers/flatten.h"

#include "layers/convolution/channels.h"
#include "layers/core/layer_with.h"

namespace chronicler {
namespace {

class FlattenLayer final : public LayerWith<FlattenLayer, layers::FlattenOptions> {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "Flatten"; }
  bool supports_masking() const override { return false; }
  bool causal() const override { return false; }

  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    const Shape sample = inputs[0].without_front();
    return {Shape{inputs[0][0], sample.is_known() ? sample.elements() : None}};
  }
  void forward(Pass& pass, Call& call) const override {
    TensorView x = call.inputs[0].data;
    if (first()) x = with_channels_moved(pass.arena, as_matrices(x));
    call.outputs[0] = {x.reshaped({x.shape()[0], x.size() / x.shape()[0]}), {}};
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    if (!gradient.wanted[0]) return;
    const TensorView& x = call.inputs[0].data;
    TensorView dx = gradient.outputs[0];
    if (first()) {
      dx =
          with_channels_moved(pass.arena, dx.reshaped(with_channels_moved(as_matrices(x).shape())));
    }
    gradient.inputs[0] = dx.reshaped(x.shape());
  }

 private:
  bool first() const { return channels_are_first(options_.data_format); }
  // (B, C, ...) as (B, C, all the rest).
  static TensorView as_matrices(const TensorView& x) {
    const Shape& shape = x.shape();
    if (shape.rank() < 3) return x;
    return x.reshaped({shape[0], shape[1], x.size() / (shape[0] * shape[1])});
  }
};

}  // namespace

LayerPtr layers::Flatten(const FlattenOptions& options) {
  return make_valid<FlattenLayer>(options);
}

}  // namespace chronicler
