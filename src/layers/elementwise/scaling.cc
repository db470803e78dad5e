#include "chronicler/layers/scaling.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/dispatch.h"
#include "layers/core/layer_with.h"
#include "layers/core/lines.h"

namespace chronicler {
namespace {

class NormalizationLayer final
    : public LayerWith<NormalizationLayer, layers::NormalizationOptions> {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "Normalization"; }
  bool causal() const override {
    return options_.axis.empty() || options_.axis == std::vector<std::int64_t>{-1};
  }
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return {inputs[0]};
  }

  void check_inputs(std::span<const Value> inputs) const override {
    Layer::check_inputs(inputs);
    if (kept_shape(inputs[0].data.shape()) == parameters_[0].value.shape()) return;
    throw Error(fmt::format("{} was built for {}, input is {}", described(),
                            build_shapes()[0].to_string(), inputs[0].data.shape().to_string()));
  }

  void forward(Pass& pass, Call& call) const override {
    const TensorView& x = call.inputs[0].data;
    const TensorView y = pass.arena.tensor(x.shape(), dtype());
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      for_each_number<Real>(x.shape(), [&](std::int64_t place, Real mean, Real deviation) {
        const Real from = x.as<Real>()[place];
        y.as<Real>()[place] = options_.invert ? mean + from * deviation : (from - mean) / deviation;
      });
    });
    call.outputs[0] = {y, call.inputs[0].mask};
  }

  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    if (!gradient.wanted[0]) return;
    const Shape& shape = call.inputs[0].data.shape();
    const TensorView dx = gradient.inputs[0] = pass.arena.tensor(shape, dtype());
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      const Real* dy = gradient.outputs[0].as<Real>();
      for_each_number<Real>(shape, [&](std::int64_t place, Real /*mean*/, Real deviation) {
        dx.as<Real>()[place] = options_.invert ? dy[place] * deviation : dy[place] / deviation;
      });
    });
  }

  void adapt(const Tensor& data) {
    const Shape& shape = data.shape();
    if (shape.rank() == 0 || data.size() == 0)
      throw Error(fmt::format("{}: there are no data to adapt to", described()));
    Shape sample = shape;
    sample.set(0, None);
    build(std::span(&sample, 1));
    if (!(kept_shape(shape) == parameters_[0].value.shape())) {
      throw Error(fmt::format("{} was built for {}, data are {}", described(),
                              build_shapes()[0].to_string(), shape.to_string()));
    }
    const Tensor numbers = data.to(DType::float64);
    const Lines lines(shape, reduced_axes(shape));
    for (std::int64_t line = 0; line < lines.count(); ++line) {
      const double* from = numbers.as<double>() + lines.begin(line);
      const auto count = static_cast<double>(lines.length());
      double mean = 0.0;
      for (std::int64_t i = 0; i < lines.length(); ++i) mean += from[lines.offset(i)] / count;
      double variance = 0.0;
      for (std::int64_t i = 0; i < lines.length(); ++i) {
        const double away = from[lines.offset(i)] - mean;
        variance += away * away / count;
      }
      with_real(dtype(), [&](auto real) {
        using Real = decltype(real);
        parameters_[0].value.as<Real>()[line] = static_cast<Real>(mean);
        parameters_[1].value.as<Real>()[line] = static_cast<Real>(variance);
      });
    }
  }

 private:
  static constexpr double least_deviation = 1e-7;  // keras.config.epsilon()

  AxisSet kept_axes(const Shape& x) const {
    AxisSet axes;
    for (const std::int64_t given : options_.axis) {
      const std::int64_t axis = given < 0 ? given + x.rank() : given;
      if (axis < 1 || axis >= x.rank() || x[static_cast<int>(axis)] == None ||
          axes.has(static_cast<int>(axis))) {
        throw Error(
            fmt::format("{}: axis {} of {} must be a known extent behind the batch, named "
                        "once",
                        described(), given, x.to_string()));
      }
      axes.add(static_cast<int>(axis));
    }
    return axes;
  }
  AxisSet reduced_axes(const Shape& x) const { return kept_axes(x).others(x.rank()); }
  Shape kept_shape(const Shape& x) const {
    const AxisSet axes = kept_axes(x);
    Shape shape;
    for (int axis = 0; axis < x.rank(); ++axis) {
      if (axes.has(axis)) shape.append(x[axis]);
    }
    return shape;
  }

  void build_weights(std::span<const Shape> inputs) override {
    const Shape shape = kept_shape(inputs[0]);
    add_weight("mean", shape, {.initializer = "zeros", .trainable = false});
    add_weight("variance", shape, {.initializer = "ones", .trainable = false});
    add_weight("count", {}, {.initializer = "zeros", .trainable = false});
  }

  // function(place, mean, standard deviation)
  template <class Real, class Function>
  void for_each_number(const Shape& shape, const Function& function) const {
    const Lines lines(shape, reduced_axes(shape));
    for (std::int64_t line = 0; line < lines.count(); ++line) {
      const Real mean = parameters_[0].value.as<Real>()[line];
      const Real deviation = std::max(std::sqrt(parameters_[1].value.as<Real>()[line]),
                                      static_cast<Real>(least_deviation));
      for (std::int64_t i = 0; i < lines.length(); ++i)
        function(lines.begin(line) + lines.offset(i), mean, deviation);
    }
  }
};

class RescalingLayer final : public LayerWith<RescalingLayer, layers::RescalingOptions> {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "Rescaling"; }
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return {inputs[0]};
  }
  void forward(Pass& pass, Call& call) const override {
    const TensorView& x = call.inputs[0].data;
    const TensorView y = pass.arena.tensor(x.shape(), dtype());
    scale(x, y, options_.offset);
    call.outputs[0] = {y, call.inputs[0].mask};
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    if (!gradient.wanted[0]) return;
    gradient.inputs[0] = pass.arena.tensor(call.inputs[0].data.shape(), dtype());
    scale(gradient.outputs[0], gradient.inputs[0], 0.0);
  }

 private:
  void scale(const TensorView& from, const TensorView& to, double offset) const {
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      const auto factor = static_cast<Real>(options_.scale);
      std::transform(from.as<Real>(), from.as<Real>() + from.size(), to.as<Real>(),
                     [&](Real x) { return x * factor + static_cast<Real>(offset); });
    });
  }
};

}  // namespace

LayerPtr layers::Normalization(const NormalizationOptions& options) {
  return make_valid<NormalizationLayer>(options);
}
void layers::adapt(Layer& normalization, const Tensor& data) {
  auto* layer = dynamic_cast<NormalizationLayer*>(&normalization);
  if (layer == nullptr) {
    throw Error(fmt::format("{} \"{}\" adapts to no data", normalization.class_name(),
                            normalization.name()),
                "a Normalization layer does");
  }
  layer->adapt(data);
}
LayerPtr layers::Rescaling(const RescalingOptions& options) {
  return make_valid<RescalingLayer>(options);
}

}  // namespace chronicler
