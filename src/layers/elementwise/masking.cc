#include "chronicler/layers/masking.h"

#include <algorithm>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/dispatch.h"
#include "layers/core/layer_with.h"

namespace chronicler {
namespace {

class MaskingLayer final : public LayerWith<MaskingLayer, layers::MaskingOptions> {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "Masking"; }
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return {inputs[0]};
  }

  void check_inputs(std::span<const Value> inputs) const override {
    Layer::check_inputs(inputs);
    if (inputs[0].data.shape().rank() >= 2) return;
    throw Error(fmt::format("{} needs input (batch, ..., features), got {}", described(),
                            inputs[0].data.shape().to_string()),
                "give the data a features axis");
  }

  void forward(Pass& pass, Call& call) const override {
    const TensorView x = call.inputs[0].data;
    const TensorView y = pass.arena.tensor(x.shape(), dtype());
    Shape places;  // all axes but that of the features
    for (int axis = 0; axis + 1 < x.shape().rank(); ++axis) places.append(x.shape()[axis]);
    const TensorView mask = pass.arena.tensor(places, DType::boolean);
    with_real(dtype(), [&](auto real) { apply<decltype(real)>(x, y, mask); });
    call.outputs[0] = {y, mask};
  }

  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    if (!gradient.wanted[0]) return;
    const TensorView dy = gradient.outputs[0];
    const TensorView dx = gradient.inputs[0] = pass.arena.tensor(dy.shape(), dtype());
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      const std::int64_t features = dy.shape()[-1];
      const std::int64_t steps = dy.size() / features;
      const auto* mask = call.outputs[0].mask.as<std::uint8_t>();
      for (std::int64_t i = 0; i < steps * features; ++i) {
        dx.as<Real>()[i] = mask[i / features] != 0 ? dy.as<Real>()[i] : Real{0};
      }
    });
  }

 private:
  template <class Real>
  void apply(const TensorView& x, const TensorView& y, const TensorView& mask) const {
    const std::int64_t features = x.shape()[-1];
    const std::int64_t steps = mask.size();
    const auto skipped = static_cast<Real>(options_.mask_value);
    for (std::int64_t i = 0; i < steps; ++i) {
      const Real* from = x.as<Real>() + i * features;
      Real* to = y.as<Real>() + i * features;
      const bool counts =
          std::any_of(from, from + features, [&](Real value) { return value != skipped; });
      mask.as<std::uint8_t>()[i] = static_cast<std::uint8_t>(counts);
      if (counts) {
        std::copy_n(from, features, to);
      } else {
        std::fill_n(to, features, Real{0});
      }
    }
  }
};

}  // namespace

LayerPtr layers::Masking(const MaskingOptions& options) {
  return make_valid<MaskingLayer>(options);
}

}  // namespace chronicler
