#include "chronicler/layers/identity.h"

#include "layers/core/layer_with.h"

namespace chronicler {
namespace {

// What both are: the output is the input itself.
class PassingLayer : public Layer {
 public:
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return {inputs[0]};
  }
  bool passes_on(bool /*training*/) const override { return true; }
  void forward(Pass& /*pass*/, Call& call) const override { call.outputs[0] = call.inputs[0]; }
  void backward(Pass& /*pass*/, const Call& /*call*/, CallGradient& gradient) const override {
    if (gradient.wanted[0]) gradient.inputs[0] = gradient.outputs[0];
  }
};

class IdentityLayer final : public LayerWith<IdentityLayer, layers::IdentityOptions, PassingLayer> {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "Identity"; }
};

class ActivityRegularizationLayer final
    : public LayerWith<ActivityRegularizationLayer, layers::ActivityRegularizationOptions,
                       PassingLayer> {
 public:
  explicit ActivityRegularizationLayer(const layers::ActivityRegularizationOptions& options)
      : LayerWith(options) {
    make_regularizer();
  }

  std::string_view class_name() const override { return "ActivityRegularization"; }
  const Regularizer& activity_regularizer() const override { return regularizer_; }
  void fields(FieldVisitor& visitor) override {
    LayerWith::fields(visitor);
    make_regularizer();
  }

 private:
  void make_regularizer() {
    const bool is_none = options_.l1 == 0.0 && options_.l2 == 0.0;
    regularizer_ = is_none ? Regularizer() : regularizers::L1L2(options_.l1, options_.l2);
  }

  Regularizer regularizer_;
};

}  // namespace

LayerPtr layers::Identity(const IdentityOptions& options) {
  return make_valid<IdentityLayer>(options);
}
LayerPtr layers::ActivityRegularization(const ActivityRegularizationOptions& options) {
  return make_valid<ActivityRegularizationLayer>(options);
}

}  // namespace chronicler
