#include "chronicler/layers/unit_normalization.h"

#include <algorithm>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/dispatch.h"
#include "layers/core/layer_with.h"
#include "layers/elementwise/normalized_lines.h"

namespace chronicler {
namespace {

// What both are: lines divided by the root of their squares, and by a weight if there is one.
template <class Derived, class Options>
class SizedLayer : public LayerWith<Derived, Options> {
 public:
  using Base = LayerWith<Derived, Options>;
  using Base::Base;
  using Base::described;
  using Base::dtype;
  using Base::supports_masking;
  using Base::trainable;

  bool causal() const override { return options_.axis == std::vector<std::int64_t>{-1}; }
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return {inputs[0]};
  }
  void forward(Pass& pass, Call& call) const override {
    const TensorView x = call.inputs[0].data;
    const Lines lines(x.shape(), axes_of(x.shape()));
    with_real(dtype(), [&](auto real) {
      const TensorView y = normalize_lines<decltype(real)>(pass, x, lines, rule(), weights(),
                                                           weight_of(lines), call.tape);
      call.outputs[0] = {y, supports_masking() ? call.inputs[0].mask : TensorView()};
    });
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    const TensorView x = call.inputs[0].data;
    const Lines lines(x.shape(), axes_of(x.shape()));
    with_real(dtype(), [&](auto real) {
      gradient.inputs[0] = normalize_lines_back<decltype(real)>(
          pass, x, gradient.outputs[0], lines, rule(), weights(), trainable(), weight_of(lines),
          *call.tape, gradient.wanted[0]);
    });
  }

 protected:
  AxisSet axes_of(const Shape& x) const {
    return named_axes([this] { return described(); }, options_.axis, x);
  }
  using Base::options_;
  using Base::parameters_;

 private:
  virtual LineRule rule() const = 0;
  LineWeights weights() const { return {parameters_.empty() ? nullptr : &parameters_[0], nullptr}; }
  // The weight goes along the last axes of x, whichever axes the lines are of.
  auto weight_of(const Lines& lines) const {
    const std::int64_t size = parameters_.empty() ? 1 : parameters_[0].value.size();
    return [&lines, size](std::int64_t line, std::int64_t i) {
      return (lines.begin(line) + lines.offset(i)) % size;
    };
  }
};

class UnitNormalizationLayer final
    : public SizedLayer<UnitNormalizationLayer, layers::UnitNormalizationOptions> {
 public:
  using SizedLayer::SizedLayer;

  std::string_view class_name() const override { return "UnitNormalization"; }

 private:
  LineRule rule() const override {
    constexpr double largest_factor = 1e12;  // Keras's
    return {.subtracts_mean = false,
            .spreads_from_mean = false,
            .is_sum = true,
            .most = largest_factor};
  }
  void build_weights(std::span<const Shape> inputs) override { axes_of(inputs[0]); }
};

class RMSNormalizationLayer final
    : public SizedLayer<RMSNormalizationLayer, layers::RMSNormalizationOptions> {
 public:
  using SizedLayer::SizedLayer;

  std::string_view class_name() const override { return "RMSNormalization"; }
  bool supports_masking() const override { return false; }

 private:
  LineRule rule() const override {
    return {.subtracts_mean = false, .spreads_from_mean = false, .epsilon = options_.epsilon};
  }

  void build_weights(std::span<const Shape> inputs) override {
    const Shape& x = inputs[0];
    std::vector<std::int64_t> sorted = options_.axis;
    std::sort(sorted.begin(), sorted.end());
    axes_of(x);
    Shape shape;
    bool fits = true;
    for (const std::int64_t axis : sorted) shape.append(x[static_cast<int>(axis)]);
    for (int axis = 1; axis <= shape.rank(); ++axis) fits = fits && shape[-axis] == x[-axis];
    if (!fits || !shape.is_known()) {
      throw Error(
          fmt::format("{}: its weight {} must go along the last axes of the input {}, which "
                      "must be known",
                      described(), shape.to_string(), x.to_string()),
          "normalize along the last axis, or the last axes");
    }
    add_weight("scale", shape, {.initializer = "ones"});
  }
};

}  // namespace

LayerPtr layers::UnitNormalization(const UnitNormalizationOptions& options) {
  return make_valid<UnitNormalizationLayer>(options);
}
LayerPtr layers::RMSNormalization(const RMSNormalizationOptions& options) {
  return make_valid<RMSNormalizationLayer>(options);
}

}  // namespace chronicler
