#include "chronicler/layers/layer_normalization.h"

#include <algorithm>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/dispatch.h"
#include "layers/core/layer_with.h"
#include "layers/elementwise/normalized_lines.h"

namespace chronicler {
namespace {

class LayerNormalizationLayer final
    : public LayerWith<LayerNormalizationLayer, layers::LayerNormalizationOptions, ScaledLayer> {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "LayerNormalization"; }
  bool causal() const override { return options_.axis == std::vector<std::int64_t>{-1}; }
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return {inputs[0]};
  }

  void forward(Pass& pass, Call& call) const override {
    const TensorView x = call.inputs[0].data;
    with_real(dtype(), [&](auto real) {
      const TensorView y = normalize_lines<decltype(real)>(pass, x, lines_of(x.shape()), rule(),
                                                           weights(), weight_of, call.tape);
      call.outputs[0] = {y, call.inputs[0].mask};
    });
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    const TensorView x = call.inputs[0].data;
    with_real(dtype(), [&](auto real) {
      gradient.inputs[0] = normalize_lines_back<decltype(real)>(
          pass, x, gradient.outputs[0], lines_of(x.shape()), rule(), weights(), trainable(),
          weight_of, *call.tape, gradient.wanted[0]);
    });
  }

 private:
  bool has_beta() const { return options_.center && !options_.rms_scaling; }
  bool has_gamma() const { return options_.scale || options_.rms_scaling; }

  AxisSet axes_of(const Shape& x) const {
    return named_axes([this] { return described(); }, options_.axis, x);
  }
  Lines lines_of(const Shape& x) const { return {x, axes_of(x)}; }
  LineRule rule() const {
    return {.subtracts_mean = !options_.rms_scaling, .epsilon = options_.epsilon};
  }
  LineWeights weights() const { return {gamma(), beta()}; }
  static std::int64_t weight_of(std::int64_t /*line*/, std::int64_t i) { return i; }

  // Of a weight: the extents in the order of the axes as they were given, negative ones first,
  // which is how Keras sorts them; the numbers are in the order of the input all the same.
  Shape weight_shape(const Shape& x) const {
    std::vector<std::int64_t> sorted = options_.axis;
    std::sort(sorted.begin(), sorted.end());
    axes_of(x);
    Shape shape;
    for (const std::int64_t axis : sorted) shape.append(x[static_cast<int>(axis)]);
    if (shape.is_known() || (!has_gamma() && !has_beta())) return shape;
    throw Error(fmt::format("{} has a weight for each place along its axes, and these must be "
                            "known; input is {}",
                            described(), x.to_string()),
                "leave the weights out: scale = false, center = false");
  }

  void build_weights(std::span<const Shape> inputs) override {
    add_gamma_and_beta(options_, weight_shape(inputs[0]), has_gamma(), has_beta());
  }

  const Parameter* gamma() const { return has_gamma() ? &parameters_[0] : nullptr; }
  const Parameter* beta() const {
    return has_beta() ? &parameters_[has_gamma() ? 1U : 0U] : nullptr;
  }
};

}  // namespace

LayerPtr layers::LayerNormalization(const LayerNormalizationOptions& options) {
  return make_valid<LayerNormalizationLayer>(options);
}

}  // namespace chronicler
