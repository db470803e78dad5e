#include "chronicler/layers/depthwise_conv1d.h"

#include "layers/convolution/convolution_layer.h"

namespace chronicler {
namespace {

class DepthwiseConv1DLayer final
    : public ConvolutionLayer<DepthwiseConv1DLayer, layers::DepthwiseConv1DOptions> {
 public:
  using ConvolutionLayer::ConvolutionLayer;

  std::string_view class_name() const override { return "DepthwiseConv1D"; }

 private:
  std::int64_t filters_of(std::int64_t features) const override {
    return features == None ? None : features * options_.depth_multiplier;
  }
  ConvolutionStages stages() const override {
    Convolution conv = over_windows(built_features());
    conv.groups = conv.features;
    conv.filters = filters_of(conv.features);
    conv.kernel = &parameters_[0];
    conv.bias = options_.use_bias ? &parameters_[1] : nullptr;
    return {{conv}};
  }

  void build_weights(std::span<const Shape> inputs) override {
    const std::int64_t features = known_features(inputs[0]);
    add_weight("kernel", {options_.kernel_size[0], features, options_.depth_multiplier},
               {options_.depthwise_initializer, options_.depthwise_regularizer,
                options_.depthwise_constraint});
    if (options_.use_bias) {
      add_weight("bias", {filters_of(features)},
                 {options_.bias_initializer, options_.bias_regularizer, options_.bias_constraint});
    }
  }
};

}  // namespace

LayerPtr layers::DepthwiseConv1D(const DepthwiseConv1DOptions& options) {
  return make_valid<DepthwiseConv1DLayer>(options);
}

}  // namespace chronicler
