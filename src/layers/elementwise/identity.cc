#include "chronicler/layers/identity.h"

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/kinds.h"

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

class IdentityLayer final : public PassingLayer {
 public:
  explicit IdentityLayer(const layers::IdentityOptions& options) { take_common(options); }

  std::string_view class_name() const override { return "Identity"; }
  LayerPtr clone() const override { return clone_of(*this); }
  void fields(FieldVisitor& /*visitor*/) override {}
};

class ActivityRegularizationLayer final : public PassingLayer {
 public:
  explicit ActivityRegularizationLayer(const layers::ActivityRegularizationOptions& options)
      : options_(options) {
    take_common(options_);
    make_regularizer();
  }

  std::string_view class_name() const override { return "ActivityRegularization"; }
  LayerPtr clone() const override { return clone_of(*this); }
  const Regularizer& activity_regularizer() const override { return regularizer_; }
  void fields(FieldVisitor& visitor) override {
    visitor.field("l1", options_.l1);
    visitor.field("l2", options_.l2);
    make_regularizer();
  }
  void validate() const override {
    if (options_.l1 >= 0.0 && options_.l2 >= 0.0) return;
    throw Error(fmt::format("{}: l1 and l2 must be at least 0, got {} and {}", described(),
                            options_.l1, options_.l2));
  }

 private:
  void make_regularizer() {
    const bool is_none = options_.l1 == 0.0 && options_.l2 == 0.0;
    regularizer_ = is_none ? Regularizer() : regularizers::L1L2(options_.l1, options_.l2);
  }

  layers::ActivityRegularizationOptions options_;
  Regularizer regularizer_;
};

}  // namespace

LayerPtr layers::Identity(const IdentityOptions& options) {
  return make_valid<IdentityLayer>(options);
}
LayerPtr make_identity() { return std::make_shared<IdentityLayer>(layers::IdentityOptions{}); }
LayerPtr layers::ActivityRegularization(const ActivityRegularizationOptions& options) {
  return make_valid<ActivityRegularizationLayer>(options);
}
LayerPtr make_activity_regularization() {
  return std::make_shared<ActivityRegularizationLayer>(layers::ActivityRegularizationOptions{});
}

}  // namespace chronicler
