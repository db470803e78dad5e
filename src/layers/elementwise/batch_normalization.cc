#include "chronicler/layers/batch_normalization.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/dispatch.h"
#include "layers/core/layer_with.h"
#include "layers/elementwise/normalized_lines.h"

namespace chronicler {
namespace {

// The tape's places, one number a feature each.
constexpr int mean_place = 0;
constexpr int factor_place = 1;  // 1 / sqrt(variance + epsilon)

constexpr double keras_epsilon = 1e-7;  // in the number of steps that count

// An input as outer x features x inner numbers, and which of them count.
struct Layout {
  std::int64_t outer = 1;
  std::int64_t features = 1;
  std::int64_t inner = 1;
  const std::uint8_t* mask = nullptr;  // one for each outer place
  double weight = 0.0;                 // how many numbers of a feature count

  bool counts(std::int64_t place) const { return mask == nullptr || mask[place] != 0; }
  std::int64_t at(std::int64_t place, std::int64_t feature) const {
    return (place * features + feature) * inner;
  }
};

class BatchNormalizationLayer final
    : public LayerWith<BatchNormalizationLayer, layers::BatchNormalizationOptions, ScaledLayer> {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "BatchNormalization"; }
  // Features lie on the steps' axis in no sequence that can be run step by step.
  bool causal() const override { return options_.axis != 1; }
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return {inputs[0]};
  }

  void forward(Pass& pass, Call& call) const override {
    with_real(dtype(), [&](auto real) { run_forward<decltype(real)>(pass, call); });
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    with_real(dtype(), [&](auto real) { run_backward<decltype(real)>(pass, call, gradient); });
  }

 private:
  int axis_of(const Shape& x) const {
    const std::int64_t axis = options_.axis < 0 ? options_.axis + x.rank() : options_.axis;
    if (axis >= 1 && axis < x.rank() && x[static_cast<int>(axis)] != None)
      return static_cast<int>(axis);
    throw Error(fmt::format("{}: axis {} of input {} must be a known number of features",
                            described(), options_.axis, x.to_string()));
  }

  void build_weights(std::span<const Shape> inputs) override {
    const Shape shape{inputs[0][axis_of(inputs[0])]};
    add_gamma_and_beta(options_, shape, options_.scale, options_.center);
    add_weight("moving_mean", shape,
               {.initializer = options_.moving_mean_initializer, .trainable = false});
    add_weight("moving_variance", shape,
               {.initializer = options_.moving_variance_initializer, .trainable = false});
  }

  const Parameter* gamma() const { return options_.scale ? &parameters_[0] : nullptr; }
  const Parameter* beta() const {
    return options_.center ? &parameters_[options_.scale ? 1U : 0U] : nullptr;
  }
  const Parameter& moving(std::size_t which) const {
    return parameters_[parameters_.size() - 2 + which];
  }
  bool uses_batch(const Pass& pass) const { return pass.training && trainable(); }

  Layout layout_of(const Value& x) const {
    const Shape& shape = x.data.shape();
    const int axis = axis_of(shape);
    Layout layout;
    layout.features = shape[axis];
    for (int i = 0; i < axis; ++i) layout.outer *= shape[i];
    for (int i = axis + 1; i < shape.rank(); ++i) layout.inner *= shape[i];
    layout.weight = static_cast<double>(layout.outer * layout.inner);
    if (!x.mask || x.mask.size() != layout.outer) return layout;
    layout.mask = x.mask.as<std::uint8_t>();
    const auto steps = std::count(layout.mask, layout.mask + layout.outer, std::uint8_t{1});
    layout.weight = static_cast<double>(steps * layout.inner) + keras_epsilon;
    return layout;
  }

  template <class Real>
  void find_moments(const Layout& layout, const Real* x, Real* means, Real* factors) const {
    for (std::int64_t feature = 0; feature < layout.features; ++feature) {
      const auto sum = [&](const auto& term) {
        double total = 0.0;
        for (std::int64_t place = 0; place < layout.outer; ++place) {
          if (!layout.counts(place)) continue;
          const Real* from = x + layout.at(place, feature);
          for (std::int64_t i = 0; i < layout.inner; ++i) total += term(from[i]);
        }
        return total / layout.weight;
      };
      const double mean = sum([](Real value) { return static_cast<double>(value); });
      const double variance = sum([mean](Real value) {
        const double away = static_cast<double>(value) - mean;
        return away * away;
      });
      means[feature] = static_cast<Real>(mean);
      factors[feature] = static_cast<Real>(1.0 / std::sqrt(variance + options_.epsilon));
      follow(moving(0), feature, mean, Real{});
      follow(moving(1), feature, variance, Real{});
    }
  }

  // The one thing that a layer changes while it runs: nobody reads the averages while they train.
  template <class Real>
  void follow(const Parameter& average, std::int64_t feature, double value, Real /*type*/) const {
    Real& place = average.value.as<Real>()[feature];
    place = static_cast<Real>(options_.momentum * static_cast<double>(place) +
                              (1.0 - options_.momentum) * value);
  }

  template <class Real>
  void run_forward(Pass& pass, Call& call) const {
    const TensorView x = call.inputs[0].data;
    const Layout layout = layout_of(call.inputs[0]);
    const TensorView y = pass.arena.tensor(x.shape(), dtype());
    const TensorView means = pass.arena.tensor({layout.features}, dtype());
    const TensorView factors = pass.arena.tensor({layout.features}, dtype());
    if (uses_batch(pass)) {
      find_moments(layout, x.as<Real>(), means.as<Real>(), factors.as<Real>());
    } else {
      copy(moving(0).value, means);
      for (std::int64_t i = 0; i < layout.features; ++i) {
        const auto variance = static_cast<double>(moving(1).value.as<Real>()[i]);
        factors.as<Real>()[i] = static_cast<Real>(1.0 / std::sqrt(variance + options_.epsilon));
      }
    }
    for (std::int64_t place = 0; place < layout.outer; ++place) {
      for (std::int64_t feature = 0; feature < layout.features; ++feature) {
        const Real* from = x.as<Real>() + layout.at(place, feature);
        Real* to = y.as<Real>() + layout.at(place, feature);
        const Real gain = gamma() != nullptr ? gamma()->value.as<Real>()[feature] : Real{1};
        const Real offset = beta() != nullptr ? beta()->value.as<Real>()[feature] : Real{0};
        for (std::int64_t i = 0; i < layout.inner; ++i) {
          to[i] =
              (from[i] - means.as<Real>()[feature]) * factors.as<Real>()[feature] * gain + offset;
        }
      }
    }
    call.outputs[0] = {y, call.inputs[0].mask};
    if (call.tape == nullptr) return;
    (*call.tape)[mean_place] = means;
    (*call.tape)[factor_place] = factors;
  }

  template <class Real>
  void run_backward(Pass& pass, const Call& call, CallGradient& gradient) const {
    const TensorView x = call.inputs[0].data;
    const TensorView dy = gradient.outputs[0];
    const Layout layout = layout_of(call.inputs[0]);
    if (gradient.wanted[0]) gradient.inputs[0] = pass.arena.tensor(x.shape(), dtype());
    for (std::int64_t feature = 0; feature < layout.features; ++feature) {
      const Real mean = (*call.tape)[mean_place].template as<Real>()[feature];
      const Real factor = (*call.tape)[factor_place].template as<Real>()[feature];
      const Real gain = gamma() != nullptr ? gamma()->value.as<Real>()[feature] : Real{1};
      double flow = 0.0;    // sum of dy
      double along = 0.0;   // sum of dy (x - mean)
      double beside = 0.0;  // sum of x - mean over what counts: 0 but for rounding and epsilon
      for (std::int64_t place = 0; place < layout.outer; ++place) {
        const std::int64_t begin = layout.at(place, feature);
        for (std::int64_t i = begin; i < begin + layout.inner; ++i) {
          const auto away = static_cast<double>(x.as<Real>()[i] - mean);
          const auto out = static_cast<double>(dy.as<Real>()[i]);
          flow += out;
          along += out * away;
          if (layout.counts(place)) beside += away;
        }
      }
      if (trainable()) {
        if (gamma() != nullptr)
          gamma()->gradient.as<Real>()[feature] +=
              static_cast<Real>(along * static_cast<double>(factor));
        if (beta() != nullptr) beta()->gradient.as<Real>()[feature] += static_cast<Real>(flow);
      }
      if (!gradient.wanted[0]) continue;
      const Real direct = gain * factor;
      double of_variance = 0.0;
      double of_mean = 0.0;
      if (uses_batch(pass)) {
        of_variance = -0.5 * along * static_cast<double>(gain) *
                      std::pow(static_cast<double>(factor), 3.0) * 2.0 / layout.weight;
        of_mean = (-static_cast<double>(direct) * flow - of_variance * beside) / layout.weight;
      }
      for (std::int64_t place = 0; place < layout.outer; ++place) {
        const std::int64_t begin = layout.at(place, feature);
        for (std::int64_t i = begin; i < begin + layout.inner; ++i) {
          Real value = dy.as<Real>()[i] * direct;
          if (layout.counts(place)) {
            value += static_cast<Real>(of_variance) * (x.as<Real>()[i] - mean) +
                     static_cast<Real>(of_mean);
          }
          gradient.inputs[0].template as<Real>()[i] = value;
        }
      }
    }
  }
};

}  // namespace

LayerPtr layers::BatchNormalization(const BatchNormalizationOptions& options) {
  return make_valid<BatchNormalizationLayer>(options);
}

}  // namespace chronicler
