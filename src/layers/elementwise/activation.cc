#include "chronicler/layers/activation.h"

#include <cmath>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/dispatch.h"
#include "layers/core/invoke.h"
#include "layers/core/kernel_activation.h"
#include "layers/core/layer_with.h"
#include "layers/core/logits.h"
#include "layers/core/step.h"

namespace chronicler {
namespace {

class ActivationLayer final : public LayerWith<ActivationLayer, layers::ActivationOptions> {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "Activation"; }
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    if (!is_glu()) return {inputs[0]};
    Shape shape = inputs[0];
    if (shape.rank() < 2 || shape[-1] <= 0 || shape[-1] % 2 != 0) {
      throw Error(fmt::format("{}: \"glu\" halves the last axis, which must be even, got {}",
                              described(), shape.to_string()));
    }
    shape.set(-1, shape[-1] / 2);
    return {shape};
  }

  std::unique_ptr<LayerStep> make_step(State& /*state*/) const override {
    if (dtype() != DType::float32 || !built() || options_.activation.needs_layer()) return nullptr;
    return std::make_unique<Step>(kernel_activation(options_.activation), build_shapes()[0][-1]);
  }

  void forward(Pass& pass, Call& call) const override {
    const TensorView x = call.inputs[0].data;
    Shape shape = x.shape();
    if (is_glu()) shape.set(-1, shape[-1] / 2);
    const TensorView y = pass.arena.tensor(shape, dtype());
    with_real(dtype(), [&](auto real) { compute<decltype(real)>(x, y); });
    call.outputs[0] = {y, call.inputs[0].mask};
    if (options_.activation.needs_layer()) return;
    const kernels::Activation activation = kernel_activation(options_.activation);
    if (asks_for_logits(call, activation)) call.logits[0] = logits_of(activation, x);
  }
  bool passes_on(bool /*training*/) const override {
    return options_.activation.name() == "linear";
  }

  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    if (!gradient.wanted[0]) return;
    if (!gradient.outputs[0]) {
      gradient.inputs[0] = gradient.of_logits();
      return;
    }
    const TensorView x = call.inputs[0].data;
    const TensorView dx = gradient.inputs[0] = pass.arena.tensor(x.shape(), dtype());
    with_real(dtype(), [&](auto real) {
      differentiate<decltype(real)>(x, call.outputs[0].data, gradient.outputs[0], dx);
    });
    gradient.inputs[0] = added(pass.arena, dx, gradient.of_logits());
  }

 private:
  class Step final : public LayerStep {
   public:
    Step(kernels::Activation activation, std::int64_t size)
        : activation_(activation), outputs_(static_cast<std::size_t>(size)) {}
    std::int64_t outputs() const override { return static_cast<std::int64_t>(outputs_.size()); }
    const float* step(const float* x) noexcept override {
      kernels::activate(activation_, 1, outputs(), x, outputs_.data());
      return outputs_.data();
    }

   private:
    kernels::Activation activation_;
    std::vector<float> outputs_;
  };

  bool is_glu() const { return options_.activation.name() == "glu"; }

  template <class Real>
  void compute(const TensorView& x, const TensorView& y) const {
    const std::int64_t width = x.shape()[-1];
    if (is_glu()) {
      for_gates<Real>(
          x, [&](std::int64_t i, Real value, Real gate) { y.as<Real>()[i] = value * gate; });
    } else if (options_.activation.needs_layer()) {
      for (std::int64_t i = 0; i < x.size(); ++i) {
        const Real value = x.as<Real>()[i];
        y.as<Real>()[i] = is_above(value) ? value : static_cast<Real>(options_.default_value);
      }
    } else {
      kernels::activate(kernel_activation(options_.activation), x.size() / width, width,
                        x.as<Real>(), y.as<Real>());
    }
  }

  template <class Real>
  void differentiate(const TensorView& x, const TensorView& y, const TensorView& dy,
                     const TensorView& dx) const {
    const std::int64_t width = x.shape()[-1];
    if (is_glu()) {
      for_gates<Real>(x, [&](std::int64_t i, Real value, Real gate) {
        Real* first = dx.as<Real>() + i / (width / 2) * width + i % (width / 2);
        first[0] = dy.as<Real>()[i] * gate;
        first[width / 2] = dy.as<Real>()[i] * value * gate * (Real{1} - gate);
      });
    } else if (options_.activation.needs_layer()) {
      for (std::int64_t i = 0; i < x.size(); ++i)
        dx.as<Real>()[i] = is_above(x.as<Real>()[i]) ? dy.as<Real>()[i] : Real{0};
    } else {
      kernels::activate_backward(kernel_activation(options_.activation), x.size() / width, width,
                                 x.as<Real>(), y.as<Real>(), dy.as<Real>(), dx.as<Real>());
    }
  }

  template <class Real>
  bool is_above(Real value) const {
    return value > static_cast<Real>(options_.threshold);
  }

  // function(index in the output, first half, sigmoid of the second half)
  template <class Real, class Function>
  static void for_gates(const TensorView& x, const Function& function) {
    const std::int64_t half = x.shape()[-1] / 2;
    for (std::int64_t i = 0; i < x.size() / 2; ++i) {
      const Real* first = x.as<Real>() + i / half * 2 * half + i % half;
      function(i, first[0], Real{1} / (Real{1} + std::exp(-first[half])));
    }
  }
};

}  // namespace

LayerPtr layers::Activation(const ActivationOptions& options) {
  return make_valid<ActivationLayer>(options);
}
LayerPtr layers::Activation(const std::string& activation) {
  return layers::Activation(ActivationOptions{.activation = activation});
}

}  // namespace chronicler
