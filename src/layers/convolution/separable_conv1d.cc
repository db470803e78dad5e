#include "chronicler/layers/separable_conv1d.h"

#include "layers/convolution/convolution_layer.h"

namespace chronicler {
namespace {

class SeparableConv1DLayer final
    : public ConvolutionLayer<SeparableConv1DLayer, layers::SeparableConv1DOptions> {
 public:
  using ConvolutionLayer::ConvolutionLayer;

  std::string_view class_name() const override { return "SeparableConv1D"; }

 private:
  std::int64_t filters_of(std::int64_t /*features*/) const override { return options_.filters; }
  ConvolutionStages stages() const override {
    Convolution depthwise = over_windows(built_features());
    depthwise.groups = depthwise.features;
    depthwise.filters = depthwise.features * options_.depth_multiplier;
    depthwise.kernel = &parameters_[0];
    const Convolution pointwise{.features = depthwise.filters,
                                .filters = options_.filters,
                                .kernel = &parameters_[1],
                                .bias = options_.use_bias ? &parameters_[2] : nullptr,
                                .is_trained = trainable()};
    return {{depthwise, pointwise}, 2};
  }

  void build_weights(std::span<const Shape> inputs) override {
    const std::int64_t features = known_features(inputs[0]);
    add_weight("depthwise_kernel", {options_.kernel_size[0], features, options_.depth_multiplier},
               {options_.depthwise_initializer, options_.depthwise_regularizer,
                options_.depthwise_constraint});
    add_weight("pointwise_kernel", {1, features * options_.depth_multiplier, options_.filters},
               {options_.pointwise_initializer, options_.pointwise_regularizer,
                options_.pointwise_constraint});
    if (options_.use_bias) {
      add_weight("bias", {options_.filters},
                 {options_.bias_initializer, options_.bias_regularizer, options_.bias_constraint});
    }
  }
};

}  // namespace

LayerPtr layers::SeparableConv1D(const SeparableConv1DOptions& options) {
  return make_valid<SeparableConv1DLayer>(options);
}

}  // namespace chronicler
