#include "chronicler/layers/scaling.h"

#include <algorithm>
#include <cmath>
#include <span>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/dispatch.h"
#include "layers/core/layer_with.h"
#include "layers/core/lines.h"
#include "layers/core/number_arrays.h"

namespace chronicler {
namespace {

// As NumPy repeats numbers along axes: each of shape `shape` from those of `numbers`, aligned at
// the last axis, where an extent of 1 goes with any. False if they do not fit.
template <class Real>
bool spread_over(const NumberArray& numbers, const Shape& shape, std::span<Real> all) {
  const int added = shape.rank() - numbers.shape().rank();  // below 0: more axes, of extent 1
  for (int axis = std::min(added, 0); axis < shape.rank(); ++axis) {
    const std::int64_t own = axis < added ? 1 : numbers.shape()[axis - added];
    if (own != 1 && (axis < 0 || own != shape[axis])) return false;
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto rest = static_cast<std::int64_t>(i);
    std::int64_t place = 0;
    std::int64_t stride = 1;
    for (int axis = shape.rank(); axis-- > std::max(added, 0);) {
      const std::int64_t own = numbers.shape()[axis - added];
      if (own != 1) place += rest % shape[axis] * stride;
      rest /= shape[axis];
      stride *= own;
    }
    all[i] = static_cast<Real>(numbers.values()[static_cast<std::size_t>(place)]);
  }
  return true;
}

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

  void validate() const override {
    LayerWith::validate();
    const NumberArray& mean = options_.mean;
    const NumberArray& variance = options_.variance;
    check_finite_numbers(described(), "mean", mean);
    check_finite_numbers(described(), "variance", variance);
    if (static_cast<bool>(mean) != static_cast<bool>(variance))
      throw Error(fmt::format("{}: mean and variance go together", described()), "give both");
    if (!(mean.shape() == variance.shape())) {
      throw Error(fmt::format("{}: mean and variance must have one shape, got {} and {}",
                              described(), mean.shape().to_string(), variance.shape().to_string()));
    }
    if (mean.shape().rank() <= static_cast<int>(options_.axis.size())) return;
    throw Error(fmt::format("{}: mean of shape {} for {} axes", described(),
                            mean.shape().to_string(), options_.axis.size()),
                "its lists may be as deep as there are axes");
  }

  void check_inputs(std::span<const Value> inputs) const override {
    Layer::check_inputs(inputs);
    if (kept_shape(inputs[0].data.shape()) == mean().shape()) return;
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
    if (options_.mean) throw Error(fmt::format("{}: its mean and variance are given", described()));
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
  const Tensor& mean() const { return options_.mean ? given_mean_ : parameters_[0].value; }
  const Tensor& variance() const { return options_.mean ? given_variance_ : parameters_[1].value; }
  Tensor spread(const NumberArray& numbers, const Shape& shape) const {
    Tensor all(shape, DType::float64);
    if (!spread_over(numbers, shape, all.span<double>())) {
      throw Error(fmt::format("{}: mean of shape {} does not fit axes of extents {}", described(),
                              numbers.shape().to_string(), shape.to_string()));
    }
    return all.to(dtype());
  }

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
    if (options_.mean) {
      given_mean_ = spread(options_.mean, shape);
      given_variance_ = spread(options_.variance, shape);
      return;
    }
    add_weight("mean", shape, {.initializer = "zeros", .trainable = false});
    add_weight("variance", shape, {.initializer = "ones", .trainable = false});
    add_weight("count", {}, {.initializer = "zeros", .trainable = false});
  }

  // function(place, mean, standard deviation)
  template <class Real, class Function>
  void for_each_number(const Shape& shape, const Function& function) const {
    const Lines lines(shape, reduced_axes(shape));
    for (std::int64_t line = 0; line < lines.count(); ++line) {
      const Real mean = this->mean().template as<Real>()[line];
      const Real deviation = std::max(std::sqrt(variance().template as<Real>()[line]),
                                      static_cast<Real>(least_deviation));
      for (std::int64_t i = 0; i < lines.length(); ++i)
        function(lines.begin(line) + lines.offset(i), mean, deviation);
    }
  }

  Tensor given_mean_;
  Tensor given_variance_;
};

class RescalingLayer final : public LayerWith<RescalingLayer, layers::RescalingOptions> {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "Rescaling"; }
  // A step by itself, unless steps have numbers of their own.
  bool causal() const override {
    return is_of_last_axis(options_.scale) && is_of_last_axis(options_.offset);
  }
  void validate() const override {
    LayerWith::validate();
    check_finite_numbers(described(), "scale", options_.scale);
    check_finite_numbers(described(), "offset", options_.offset);
    if (options_.scale && options_.offset) return;
    throw Error(fmt::format("{}: scale and offset must be numbers, or lists of them", described()));
  }
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    for (const NumberArray* numbers : {&options_.scale, &options_.offset})
      check_fit(*numbers, inputs[0]);
    return {inputs[0]};
  }
  void check_inputs(std::span<const Value> inputs) const override {
    Layer::check_inputs(inputs);
    const Shape& shape = inputs[0].data.shape();
    for (const NumberArray* numbers : {&options_.scale, &options_.offset})
      check_fit(*numbers, shape);
  }

  void forward(Pass& pass, Call& call) const override {
    const TensorView& x = call.inputs[0].data;
    const TensorView y = pass.arena.tensor(x.shape(), dtype());
    scale(pass, x, y, &options_.offset);
    call.outputs[0] = {y, call.inputs[0].mask};
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    if (!gradient.wanted[0]) return;
    gradient.inputs[0] = pass.arena.tensor(call.inputs[0].data.shape(), dtype());
    scale(pass, gradient.outputs[0], gradient.inputs[0], nullptr);
  }

 private:
  static bool is_of_last_axis(const NumberArray& numbers) {
    return numbers.shape().rank() == 0 ||
           numbers.shape().elements() == numbers.shape()[numbers.shape().rank() - 1];
  }

  // The input must not grow by them, nor its batch.
  void check_fit(const NumberArray& numbers, const Shape& shape) const {
    const int added = shape.rank() - numbers.shape().rank();
    bool fits = added >= 0;
    for (int axis = std::max(added, 0); fits && axis < shape.rank(); ++axis) {
      const std::int64_t own = numbers.shape()[axis - added];
      fits = own == 1 || (axis > 0 && (shape[axis] == None || shape[axis] == own));
    }
    if (fits) return;
    throw Error(fmt::format("{}: numbers of shape {} do not fit an input of shape {}", described(),
                            numbers.shape().to_string(), shape.to_string()),
                "lists go with the last axes: as long as each, or one number for all of it");
  }

  // The numbers of one sample; one number, if there is only one.
  template <class Real>
  std::span<const Real> of_sample(Pass& pass, const NumberArray& numbers,
                                  const Shape& sample) const {
    if (numbers.values().size() == 1) {
      Real* one = pass.arena.array<Real>(1);
      *one = static_cast<Real>(numbers.values()[0]);
      return {one, 1};
    }
    const std::span<Real> all(pass.arena.array<Real>(sample.elements()),
                              static_cast<std::size_t>(sample.elements()));
    spread_over(numbers, sample, all);
    return all;
  }

  // offset: null for none.
  void scale(Pass& pass, const TensorView& from, const TensorView& to,
             const NumberArray* offset) const {
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      const Shape sample = from.shape().without_front();
      const std::span<const Real> factors = of_sample<Real>(pass, options_.scale, sample);
      constexpr Real none{0};
      const std::span<const Real> added =
          offset != nullptr ? of_sample<Real>(pass, *offset, sample) : std::span(&none, 1);
      const Real* x = from.as<Real>();
      Real* y = to.as<Real>();
      const auto count = static_cast<std::size_t>(from.size());
      if (factors.size() == 1 && added.size() == 1) {
        const Real factor = factors[0];
        const Real constant = added[0];
        std::transform(x, x + count, y, [=](Real number) { return number * factor + constant; });
        return;
      }
      for (std::size_t i = 0; i < count; ++i)
        y[i] = x[i] * factors[i % factors.size()] + added[i % added.size()];
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
