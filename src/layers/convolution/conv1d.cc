#include "chronicler/layers/conv1d.h"

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/convolution/convolution_layer.h"

namespace chronicler {
namespace {

class Conv1DLayer final : public ConvolutionLayer<Conv1DLayer, layers::Conv1DOptions> {
 public:
  using ConvolutionLayer::ConvolutionLayer;

  std::string_view class_name() const override { return "Conv1D"; }

  void validate() const override {
    ConvolutionLayer::validate();
    if (options_.filters % options_.groups == 0) return;
    throw Error(fmt::format("{}: filters must be a multiple of groups, got {} and {}", described(),
                            options_.filters, options_.groups));
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

}  // namespace chronicler
