#include "chronicler/layers/noise.h"

#include <cmath>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "layers/core/dispatch.h"
#include "layers/core/layer_with.h"

namespace chronicler {
namespace {

class SpatialDropout1DLayer final
    : public LayerWith<SpatialDropout1DLayer, layers::SpatialDropout1DOptions> {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "SpatialDropout1D"; }
  std::uint64_t* seed_place() override { return &drawn_seed_; }
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return {inputs[0]};
  }
  void check_inputs(std::span<const Value> inputs) const override {
    Layer::check_inputs(inputs);
    if (inputs[0].data.shape().rank() == 3) return;
    throw Error(fmt::format("{} needs input (batch, steps, features), got {}", described(),
                            inputs[0].data.shape().to_string()));
  }
  void forward(Pass& pass, Call& call) const override {
    call.outputs[0] = call.inputs[0];
    if (is_active(pass)) call.outputs[0].data = drop(pass, call.inputs[0].data);
  }
  bool passes_on(bool training) const override { return !(training && options_.rate > 0.0); }
  void backward(Pass& pass, const Call& /*call*/, CallGradient& gradient) const override {
    if (!gradient.wanted[0]) return;
    gradient.inputs[0] = is_active(pass) ? drop(pass, gradient.outputs[0]) : gradient.outputs[0];
  }

 private:
  bool is_active(const Pass& pass) const { return pass.training && options_.rate > 0.0; }

  // The same factors forwards and backwards: they follow from seed, step and place.
  TensorView drop(Pass& pass, const TensorView& from) const {
    const TensorView to = pass.arena.tensor(from.shape(), dtype());
    const Random random(options_.seed ? static_cast<std::uint64_t>(*options_.seed) : drawn_seed_);
    const auto threshold = static_cast<float>(options_.rate);
    const std::int64_t width = from.shape()[2];
    const std::int64_t row_size = from.shape()[1] * width;
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      const auto keep = static_cast<Real>(1.0 / (1.0 - options_.rate));
      for (std::int64_t row = 0; row < from.shape()[0]; ++row) {
        for (std::int64_t feature = 0; feature < width; ++feature) {
          const auto draw = static_cast<std::uint64_t>(row * width + feature);
          const Real factor = random.uniform(pass.step, draw) >= threshold ? keep : Real{0};
          for (std::int64_t i = row * row_size + feature; i < (row + 1) * row_size; i += width)
            to.as<Real>()[i] = from.as<Real>()[i] * factor;
        }
      }
    });
    return to;
  }

  std::uint64_t drawn_seed_ = next_seed();  // unless the options give one
};

class GaussianNoiseLayer final
    : public LayerWith<GaussianNoiseLayer, layers::GaussianNoiseOptions> {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "GaussianNoise"; }
  std::uint64_t* seed_place() override { return &drawn_seed_; }
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return {inputs[0]};
  }
  void forward(Pass& pass, Call& call) const override {
    call.outputs[0] = call.inputs[0];
    if (!pass.training || options_.stddev == 0.0) return;
    const TensorView x = call.inputs[0].data;
    const TensorView y = call.outputs[0].data = pass.arena.tensor(x.shape(), dtype());
    const Random random(options_.seed ? static_cast<std::uint64_t>(*options_.seed) : drawn_seed_);
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      for (std::int64_t i = 0; i < x.size(); ++i) {
        const double noise = random.normal(pass.step, static_cast<std::uint64_t>(i));
        y.as<Real>()[i] = x.as<Real>()[i] + static_cast<Real>(options_.stddev * noise);
      }
    });
  }
  bool passes_on(bool training) const override { return !(training && options_.stddev > 0.0); }
  void backward(Pass& /*pass*/, const Call& /*call*/, CallGradient& gradient) const override {
    if (gradient.wanted[0]) gradient.inputs[0] = gradient.outputs[0];
  }

 private:
  std::uint64_t drawn_seed_ = next_seed();  // unless the options give one
};

// Keras draws from a normal distribution around 1, with the variance that dropout would have.
class GaussianDropoutLayer final
    : public LayerWith<GaussianDropoutLayer, layers::GaussianDropoutOptions> {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "GaussianDropout"; }
  std::uint64_t* seed_place() override { return &drawn_seed_; }
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return {inputs[0]};
  }
  void forward(Pass& pass, Call& call) const override {
    call.outputs[0] = call.inputs[0];
    if (is_active(pass)) call.outputs[0].data = multiplied(pass, call.inputs[0].data);
  }
  bool passes_on(bool training) const override { return !(training && options_.rate > 0.0); }
  void backward(Pass& pass, const Call& /*call*/, CallGradient& gradient) const override {
    if (!gradient.wanted[0]) return;
    gradient.inputs[0] =
        is_active(pass) ? multiplied(pass, gradient.outputs[0]) : gradient.outputs[0];
  }

 private:
  bool is_active(const Pass& pass) const { return pass.training && options_.rate > 0.0; }

  // The same factors forwards and backwards: they follow from seed, step and place.
  TensorView multiplied(Pass& pass, const TensorView& from) const {
    const TensorView to = pass.arena.tensor(from.shape(), dtype());
    const Random random(options_.seed ? static_cast<std::uint64_t>(*options_.seed) : drawn_seed_);
    const double deviation = std::sqrt(options_.rate / (1.0 - options_.rate));
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      for (std::int64_t i = 0; i < from.size(); ++i) {
        const double noise = random.normal(pass.step, static_cast<std::uint64_t>(i));
        to.as<Real>()[i] = from.as<Real>()[i] * static_cast<Real>(1.0 + deviation * noise);
      }
    });
    return to;
  }

  std::uint64_t drawn_seed_ = next_seed();  // unless the options give one
};

}  // namespace

LayerPtr layers::GaussianDropout(const GaussianDropoutOptions& options) {
  return make_valid<GaussianDropoutLayer>(options);
}
LayerPtr layers::SpatialDropout1D(const SpatialDropout1DOptions& options) {
  return make_valid<SpatialDropout1DLayer>(options);
}
LayerPtr layers::GaussianNoise(const GaussianNoiseOptions& options) {
  return make_valid<GaussianNoiseLayer>(options);
}

}  // namespace chronicler
