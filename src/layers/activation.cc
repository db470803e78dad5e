#include "chronicler/layers/activation.h"

#include "layers/dispatch.h"
#include "layers/kinds.h"
#include "layers/step.h"

namespace chronicler {
namespace {

class ActivationLayer final : public Layer {
 public:
  explicit ActivationLayer(const layers::ActivationOptions& options) : options_(options) {
    take_common(options_);
  }

  std::string_view class_name() const override { return "Activation"; }
  LayerPtr clone() const override { return clone_of(*this); }
  const Regularizer& activity_regularizer() const override { return options_.activity_regularizer; }
  void fields(FieldVisitor& visitor) override {
    visitor.field("activation", options_.activation);
    visitor.field("activity_regularizer", options_.activity_regularizer);
  }
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return {inputs[0]};
  }

  std::unique_ptr<LayerStep> make_step(State& /*state*/) const override {
    if (dtype() != DType::float32 || !built()) return nullptr;
    return std::make_unique<Step>(kernel_activation(options_.activation), build_shapes()[0][-1]);
  }

  void forward(Pass& pass, Call& call) const override {
    const TensorView x = call.inputs[0].data;
    const TensorView y = pass.arena.tensor(x.shape(), dtype());
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      kernels::activate(kernel_activation(options_.activation), x.size() / x.shape()[-1],
                        x.shape()[-1], x.as<Real>(), y.as<Real>());
    });
    call.outputs[0] = {y, call.inputs[0].mask};
  }

  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    if (!gradient.wanted[0]) return;
    const TensorView x = call.inputs[0].data;
    const TensorView dx = gradient.inputs[0] = pass.arena.tensor(x.shape(), dtype());
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      kernels::activate_backward(kernel_activation(options_.activation), x.size() / x.shape()[-1],
                                 x.shape()[-1], x.as<Real>(), call.outputs[0].data.as<Real>(),
                                 gradient.outputs[0].as<Real>(), dx.as<Real>());
    });
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

  layers::ActivationOptions options_;
};

}  // namespace

LayerPtr layers::Activation(const ActivationOptions& options) {
  return make_valid<ActivationLayer>(options);
}
LayerPtr layers::Activation(const std::string& activation) {
  return layers::Activation(ActivationOptions{.activation = activation});
}
LayerPtr make_activation() {
  return std::make_shared<ActivationLayer>(layers::ActivationOptions{});
}

}  // namespace chronicler
