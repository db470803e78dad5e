#include "chronicler/layers/activations.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/dispatch.h"
#include "layers/core/invoke.h"
#include "layers/core/layer_with.h"
#include "layers/core/lines.h"

namespace chronicler {
namespace {

// Layers that work on single numbers: `Derived` has value(x) and slope(x).
template <class Derived, class Options>
class Elementwise : public LayerWith<Derived, Options> {
 public:
  using LayerWith<Derived, Options>::LayerWith;
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return {inputs[0]};
  }
  void forward(Pass& pass, Call& call) const override {
    const TensorView& x = call.inputs[0].data;
    const TensorView y = pass.arena.tensor(x.shape(), this->dtype());
    with_real(this->dtype(), [&](auto real) {
      using Real = decltype(real);
      for (std::int64_t i = 0; i < x.size(); ++i)
        y.as<Real>()[i] = static_cast<const Derived*>(this)->value(x.as<Real>()[i]);
    });
    call.outputs[0] = {y, call.inputs[0].mask};
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    if (!gradient.wanted[0]) return;
    const TensorView& x = call.inputs[0].data;
    const TensorView dx = gradient.inputs[0] = pass.arena.tensor(x.shape(), this->dtype());
    with_real(this->dtype(), [&](auto real) {
      using Real = decltype(real);
      for (std::int64_t i = 0; i < x.size(); ++i) {
        dx.as<Real>()[i] = gradient.outputs[0].as<Real>()[i] *
                           static_cast<const Derived*>(this)->slope(x.as<Real>()[i]);
      }
    });
  }
};

class ReLULayer final : public Elementwise<ReLULayer, layers::ReLUOptions> {
 public:
  using Elementwise::Elementwise;
  std::string_view class_name() const override { return "ReLU"; }
  template <class Real>
  Real value(Real x) const {
    if (options_.max_value && x >= static_cast<Real>(*options_.max_value))
      return static_cast<Real>(*options_.max_value);
    const auto threshold = static_cast<Real>(options_.threshold);
    return x >= threshold ? x : static_cast<Real>(options_.negative_slope) * (x - threshold);
  }
  template <class Real>
  Real slope(Real x) const {
    if (options_.max_value && x >= static_cast<Real>(*options_.max_value)) return Real{0};
    return x > static_cast<Real>(options_.threshold) ? Real{1}
                                                     : static_cast<Real>(options_.negative_slope);
  }
};

class LeakyReLULayer final : public Elementwise<LeakyReLULayer, layers::LeakyReLUOptions> {
 public:
  using Elementwise::Elementwise;
  std::string_view class_name() const override { return "LeakyReLU"; }
  template <class Real>
  Real value(Real x) const {
    return x * slope(x);
  }
  template <class Real>
  Real slope(Real x) const {
    return x > Real{0} ? Real{1} : static_cast<Real>(options_.negative_slope);
  }
};

class ELULayer final : public Elementwise<ELULayer, layers::ELUOptions> {
 public:
  using Elementwise::Elementwise;
  std::string_view class_name() const override { return "ELU"; }
  template <class Real>
  Real value(Real x) const {
    return x > Real{0} ? x : static_cast<Real>(options_.alpha) * std::expm1(x);
  }
  template <class Real>
  Real slope(Real x) const {
    return x > Real{0} ? Real{1} : static_cast<Real>(options_.alpha) * std::exp(x);
  }
};

class PReLULayer final : public LayerWith<PReLULayer, layers::PReLUOptions> {
 public:
  using LayerWith::LayerWith;
  std::string_view class_name() const override { return "PReLU"; }
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return {inputs[0]};
  }
  bool causal() const override {
    return std::find(options_.shared_axes.begin(), options_.shared_axes.end(), 1) !=
           options_.shared_axes.end();
  }
  void forward(Pass& pass, Call& call) const override {
    const TensorView& x = call.inputs[0].data;
    const TensorView y = pass.arena.tensor(x.shape(), dtype());
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      const Real* alpha = parameters_[0].value.as<Real>();
      for (std::int64_t i = 0; i < x.size(); ++i) {
        const Real value = x.as<Real>()[i];
        y.as<Real>()[i] = value > Real{0} ? value : value * alpha[place_of(x.shape(), i)];
      }
    });
    call.outputs[0] = {y, call.inputs[0].mask};
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    const TensorView& x = call.inputs[0].data;
    if (gradient.wanted[0]) gradient.inputs[0] = pass.arena.tensor(x.shape(), dtype());
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      const Real* alpha = parameters_[0].value.as<Real>();
      const Real* dy = gradient.outputs[0].as<Real>();
      for (std::int64_t i = 0; i < x.size(); ++i) {
        const Real value = x.as<Real>()[i];
        const std::int64_t place = place_of(x.shape(), i);
        if (gradient.wanted[0])
          gradient.inputs[0].template as<Real>()[i] =
              value > Real{0} ? dy[i] : dy[i] * alpha[place];
        if (trainable() && value <= Real{0})
          parameters_[0].gradient.as<Real>()[place] += dy[i] * value;
      }
    });
  }

 private:
  void build_weights(std::span<const Shape> inputs) override {
    Shape shape = inputs[0].without_front();
    for (const std::int64_t axis : options_.shared_axes) {
      if (axis < 1 || axis > shape.rank()) {
        throw Error(
            fmt::format("{}: there is no axis {} in {}", described(), axis, inputs[0].to_string()));
      }
      shape.set(static_cast<int>(axis) - 1, 1);
    }
    if (!shape.is_known()) {
      throw Error(fmt::format("{} needs a known shape, got {}", described(), inputs[0].to_string()),
                  "share the axes that vary: shared_axes = {1}");
    }
    add_weight("alpha", shape,
               {options_.alpha_initializer, options_.alpha_regularizer, options_.alpha_constraint});
  }

  std::int64_t place_of(const Shape& x, std::int64_t i) const {
    const Shape& alpha = parameters_[0].value.shape();
    std::int64_t place = 0;
    std::int64_t stride = 1;
    for (int axis = x.rank() - 1; axis >= 1; --axis) {
      if (alpha[axis - 1] != 1) place += i % x[axis] * stride;
      stride *= alpha[axis - 1];
      i /= x[axis];
    }
    return place;
  }
};

class SoftmaxLayer final : public LayerWith<SoftmaxLayer, layers::SoftmaxOptions> {
 public:
  using LayerWith::LayerWith;
  std::string_view class_name() const override { return "Softmax"; }
  bool causal() const override { return options_.axis == std::vector<std::int64_t>{-1}; }
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return {inputs[0]};
  }
  void forward(Pass& pass, Call& call) const override {
    const TensorView& x = call.inputs[0].data;
    const TensorView y = pass.arena.tensor(x.shape(), dtype());
    const Lines lines(x.shape(), axes_of(x.shape()));
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      for (std::int64_t line = 0; line < lines.count(); ++line)
        soften<Real>(call.inputs[0], lines, line, y);
    });
    const bool hides = hides_places(call.inputs[0]);
    call.outputs[0] = {y, hides ? TensorView() : call.inputs[0].mask};
    // Where places are hidden Keras changes what the softmax is given, and what it gives; over
    // several axes it is written otherwise there.
    if (call.logits.empty() || hides || options_.axis.size() != 1) return;
    call.logits[0] = {x, axes_of(x.shape()).has(x.shape().rank() - 1)};
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    if (!gradient.wanted[0]) return;
    if (!gradient.outputs[0]) {
      gradient.inputs[0] = gradient.of_logits();
      return;
    }
    const TensorView& y = call.outputs[0].data;
    const TensorView dx = pass.arena.tensor(y.shape(), dtype());
    gradient.inputs[0] = dx;
    const Lines lines(y.shape(), axes_of(y.shape()));
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      const Real* dy = gradient.outputs[0].as<Real>();
      const Real* out = y.as<Real>();
      for (std::int64_t line = 0; line < lines.count(); ++line) {
        const std::int64_t begin = lines.begin(line);
        Real along{0};
        for (std::int64_t i = 0; i < lines.length(); ++i) {
          const std::int64_t place = begin + lines.offset(i);
          along += out[place] * dy[place];
        }
        for (std::int64_t i = 0; i < lines.length(); ++i) {
          const std::int64_t place = begin + lines.offset(i);
          dx.as<Real>()[place] = out[place] * (dy[place] - along);
        }
      }
    });
    gradient.inputs[0] = added(pass.arena, dx, gradient.of_logits());
  }

 private:
  // A mask with all axes of the input says of each number whether it takes part; one with fewer is
  // of steps, and goes on to the next layer.
  static bool hides_places(const Value& x) {
    if (!x.mask || x.mask.shape().rank() != x.data.shape().rank()) return false;
    for (int axis = 0; axis < x.data.shape().rank(); ++axis) {
      const std::int64_t extent = x.mask.shape()[axis];
      if (extent != 1 && extent != x.data.shape()[axis]) return false;
    }
    return x.mask.dtype() == DType::boolean;
  }
  static bool counts(const Value& x, std::int64_t place) {
    const Shape& shape = x.data.shape();
    std::int64_t at = 0;
    std::int64_t stride = 1;
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      if (x.mask.shape()[axis] != 1) at += place % shape[axis] * stride;
      stride *= x.mask.shape()[axis];
      place /= shape[axis];
    }
    return x.mask.as<std::uint8_t>()[at] != 0;
  }

  template <class Real>
  static void soften(const Value& x, const Lines& lines, std::int64_t line, const TensorView& y) {
    const std::int64_t begin = lines.begin(line);
    const bool masked = hides_places(x);
    const auto hidden = [&](std::int64_t place) { return masked && !counts(x, place); };
    const Real* from = x.data.as<Real>();
    Real* to = y.as<Real>();
    Real largest = -std::numeric_limits<Real>::infinity();
    for (std::int64_t i = 0; i < lines.length(); ++i) {
      const std::int64_t place = begin + lines.offset(i);
      if (!hidden(place)) largest = std::max(largest, from[place]);
    }
    Real sum{0};
    for (std::int64_t i = 0; i < lines.length(); ++i) {
      const std::int64_t place = begin + lines.offset(i);
      to[place] = hidden(place) ? Real{0} : std::exp(from[place] - largest);
      sum += to[place];
    }
    if (sum == Real{0}) return;  // all of it is masked
    for (std::int64_t i = 0; i < lines.length(); ++i) to[begin + lines.offset(i)] /= sum;
  }

  AxisSet axes_of(const Shape& x) const {
    AxisSet axes;
    for (const std::int64_t given : options_.axis) {
      const std::int64_t axis = given < 0 ? given + x.rank() : given;
      if (axis < 1 || axis >= x.rank() || axes.has(static_cast<int>(axis))) {
        throw Error(fmt::format("{}: there is no axis {} in {}, or it is named twice", described(),
                                given, x.to_string()),
                    "axes are counted from the batch, 0, which stays");
      }
      axes.add(static_cast<int>(axis));
    }
    return axes;
  }
  void build_weights(std::span<const Shape> inputs) override { axes_of(inputs[0]); }
};

}  // namespace

LayerPtr layers::ReLU(const ReLUOptions& options) { return make_valid<ReLULayer>(options); }
LayerPtr layers::LeakyReLU(const LeakyReLUOptions& options) {
  return make_valid<LeakyReLULayer>(options);
}
LayerPtr layers::ELU(const ELUOptions& options) { return make_valid<ELULayer>(options); }
LayerPtr layers::PReLU(const PReLUOptions& options) { return make_valid<PReLULayer>(options); }
LayerPtr layers::Softmax(const SoftmaxOptions& options) {
  return make_valid<SoftmaxLayer>(options);
}

}  // namespace chronicler
