#include "chronicler/layers/conv1d.h"

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/convolution/convolution_layer.h"

namespace chronicler {
namespace {

class Conv1DLayer final : public ConvolutionLayer<layers::Conv1DOptions> {
 public:
  using ConvolutionLayer::ConvolutionLayer;

  std::string_view class_name() const override { return "Conv1D"; }
  LayerPtr clone() const override { return clone_of(*this); }

  void fields(FieldVisitor& visitor) override {
    visitor.field("filters", options_.filters);
    visitor.field("kernel_size", options_.kernel_size);
    visitor.field("strides", options_.strides);
    visitor.field("padding", options_.padding);
    visitor.field("data_format", options_.data_format);
    visitor.field("dilation_rate", options_.dilation_rate);
    visitor.field("groups", options_.groups);
    visitor.field("activation", options_.activation);
    visitor.field("use_bias", options_.use_bias);
    visitor.field("kernel_initializer", options_.kernel_initializer);
    visitor.field("bias_initializer", options_.bias_initializer);
    visitor.field("kernel_regularizer", options_.kernel_regularizer);
    visitor.field("bias_regularizer", options_.bias_regularizer);
    visitor.field("activity_regularizer", options_.activity_regularizer);
    visitor.field("kernel_constraint", options_.kernel_constraint);
    visitor.field("bias_constraint", options_.bias_constraint);
  }

  void validate() const override {
    ConvolutionLayer::validate();
    if (options_.filters > 0 && options_.groups > 0 && options_.filters % options_.groups == 0)
      return;
    throw Error(
        fmt::format("{}: filters must be at least 1 and a multiple of groups, got {} and {}",
                    described(), options_.filters, options_.groups));
  }

 private:
  std::int64_t filters_of(std::int64_t /*features*/) const override { return options_.filters; }
  ConvolutionStages stages() const override {
    Convolution conv = over_windows(built_features());
    conv.groups = options_.groups;
    conv.filters = options_.filters;
    conv.kernel = &parameters_[0];
    conv.bias = options_.use_bias ? &parameters_[1] : nullptr;
    return {{conv}};
  }

  void build_weights(std::span<const Shape> inputs) override {
    const std::int64_t features = known_features(inputs[0]);
    const std::int64_t taps = options_.kernel_size[0];
    if (features % options_.groups != 0) {
      throw Error(fmt::format("{}: {} features do not divide into {} groups", described(), features,
                              options_.groups));
    }
    add_weight(
        "kernel", {taps, features / options_.groups, options_.filters},
        {options_.kernel_initializer, options_.kernel_regularizer, options_.kernel_constraint});
    if (options_.use_bias) {
      add_weight("bias", {options_.filters},
                 {options_.bias_initializer, options_.bias_regularizer, options_.bias_constraint});
    }
  }
};

}  // namespace

LayerPtr layers::Conv1D(const Conv1DOptions& options) { return make_valid<Conv1DLayer>(options); }
LayerPtr make_conv1d() { return std::make_shared<Conv1DLayer>(layers::Conv1DOptions{}); }

}  // namespace chronicler
