#include "chronicler/layers/sequence_length.h"

#include <algorithm>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/convolution/channels.h"
#include "layers/convolution/sequence_checks.h"
#include "layers/core/dispatch.h"
#include "layers/core/layer_with.h"

namespace chronicler {
namespace {

// Each output step is one of the input's, or zeros: a kind of layer says how many there are and
// which is which.
class SequenceLength : public Layer {
 public:
  bool supports_masking() const final { return false; }
  bool causal() const final { return false; }
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const final {
    const Shape x = channels_last(inputs[0]);
    return {channels_last({x[0], x[1] == None ? None : length(x[1]), x[2]})};
  }
  void check_inputs(std::span<const Value> inputs) const final {
    Layer::check_inputs(inputs);
    check_shape(inputs[0].data.shape());
  }
  void forward(Pass& pass, Call& call) const final {
    forward_with_channels(pass, call, first(), [&](Call& own) { lengthen(pass, own); });
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const final {
    backward_with_channels(pass, call, gradient, first(),
                           [&](const Call& own, CallGradient& own_gradient) {
                             lengthen_back(pass, own, own_gradient);
                           });
  }

 protected:
  // How many steps become of `steps`.
  virtual std::int64_t length(std::int64_t steps) const = 0;
  // The step of the input that output step `step` shows; outside of the input: zeros.
  virtual std::int64_t source(std::int64_t step) const = 0;

  // One number stands for both sides, as in Keras, whose files always have two.
  static void complete(std::vector<std::int64_t>& sides) {
    if (sides.size() == 1) sides.push_back(sides[0]);
  }

 private:
  void lengthen(Pass& pass, Call& call) const {
    const TensorView& x = call.inputs[0].data;
    const TensorView y =
        pass.arena.zeros({x.shape()[0], length(x.shape()[1]), x.shape()[2]}, dtype());
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      for_each_step(x.shape(), [&](std::int64_t from, std::int64_t to) {
        std::copy_n(x.as<Real>() + from, x.shape()[2], y.as<Real>() + to);
      });
    });
    call.outputs[0] = {y, {}};
  }
  void lengthen_back(Pass& pass, const Call& call, CallGradient& gradient) const {
    if (!gradient.wanted[0]) return;
    const Shape& shape = call.inputs[0].data.shape();
    const TensorView dx = gradient.inputs[0] = pass.arena.zeros(shape, dtype());
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      for_each_step(shape, [&](std::int64_t from, std::int64_t to) {
        const Real* dy = gradient.outputs[0].as<Real>() + to;
        for (std::int64_t i = 0; i < shape[2]; ++i) dx.as<Real>()[from + i] += dy[i];
      });
    });
  }

  // Whether the features come before the steps.
  virtual bool first() const { return false; }
  Shape channels_last(const Shape& shape) const {
    return first() ? with_channels_moved(shape) : shape;
  }

  void build_weights(std::span<const Shape> inputs) override { check_shape(inputs[0]); }
  void check_shape(const Shape& given) const {
    check_sequence([this] { return described(); }, given);
    const Shape x = channels_last(given);
    if (x[1] == None || length(x[1]) > 0) return;
    throw Error(fmt::format("{}: of {} steps none is left", described(), x[1]),
                "crop less, or give longer sequences");
  }

  // function(place in x, place in y) for every step of y that shows one of x.
  template <class Function>
  void for_each_step(const Shape& x, const Function& function) const {
    const std::int64_t steps = length(x[1]);
    for (std::int64_t row = 0; row < x[0]; ++row) {
      for (std::int64_t step = 0; step < steps; ++step) {
        const std::int64_t from = source(step);
        if (from < 0 || from >= x[1]) continue;
        function((row * x[1] + from) * x[2], (row * steps + step) * x[2]);
      }
    }
  }
};

class Cropping1DLayer final
    : public LayerWith<Cropping1DLayer, layers::Cropping1DOptions, SequenceLength> {
 public:
  explicit Cropping1DLayer(const layers::Cropping1DOptions& options) : LayerWith(options) {
    complete(options_.cropping);
  }

  std::string_view class_name() const override { return "Cropping1D"; }
  void fields(FieldVisitor& visitor) override {
    LayerWith::fields(visitor);
    complete(options_.cropping);
  }

 private:
  std::int64_t length(std::int64_t steps) const override {
    return std::max<std::int64_t>(steps - options_.cropping[0] - options_.cropping[1], 0);
  }
  std::int64_t source(std::int64_t step) const override { return step + options_.cropping[0]; }
};

class ZeroPadding1DLayer final
    : public LayerWith<ZeroPadding1DLayer, layers::ZeroPadding1DOptions, SequenceLength> {
 public:
  explicit ZeroPadding1DLayer(const layers::ZeroPadding1DOptions& options) : LayerWith(options) {
    complete(options_.padding);
  }

  std::string_view class_name() const override { return "ZeroPadding1D"; }
  void fields(FieldVisitor& visitor) override {
    LayerWith::fields(visitor);
    complete(options_.padding);
  }

 private:
  std::int64_t length(std::int64_t steps) const override {
    return steps + options_.padding[0] + options_.padding[1];
  }
  std::int64_t source(std::int64_t step) const override { return step - options_.padding[0]; }
  bool first() const override { return channels_are_first(options_.data_format); }
};

class UpSampling1DLayer final
    : public LayerWith<UpSampling1DLayer, layers::UpSampling1DOptions, SequenceLength> {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "UpSampling1D"; }

 private:
  std::int64_t length(std::int64_t steps) const override {
    if (steps <= layers::most_added_steps / options_.size) return steps * options_.size;
    throw Error(fmt::format("{}: {} steps, {} times each, are more than {}", described(), steps,
                            options_.size, layers::most_added_steps));
  }
  std::int64_t source(std::int64_t step) const override { return step / options_.size; }
};

}  // namespace

LayerPtr layers::Cropping1D(const Cropping1DOptions& options) {
  return make_valid<Cropping1DLayer>(options);
}
LayerPtr layers::ZeroPadding1D(const ZeroPadding1DOptions& options) {
  return make_valid<ZeroPadding1DLayer>(options);
}
LayerPtr layers::UpSampling1D(const UpSampling1DOptions& options) {
  return make_valid<UpSampling1DLayer>(options);
}

}  // namespace chronicler
