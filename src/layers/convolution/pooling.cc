#include "chronicler/layers/pooling.h"

#include <algorithm>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/convolution/channels.h"
#include "layers/convolution/padding.h"
#include "layers/convolution/sequence_checks.h"
#include "layers/core/dispatch.h"
#include "layers/core/layer_with.h"

namespace chronicler {
namespace {

// The tape's place of the steps that were largest, int32.
constexpr int largest_place = 0;

// The windows of a sequence: window i is of the steps from begin(i) to before end(i).
struct PoolWindows {
  std::int64_t count = 0;

  virtual std::int64_t begin(std::int64_t window) const = 0;
  virtual std::int64_t end(std::int64_t window) const = 0;

 protected:
  ~PoolWindows() = default;
};

// Windows of one size, cut off where the sequence begins and ends.
struct SlidingWindows final : PoolWindows {
  SlidingWindows(const Windows& over, std::int64_t steps) : over_(over), steps_(steps) {
    count = over.count;
  }
  std::int64_t begin(std::int64_t window) const override {
    return std::max<std::int64_t>(window * over_.stride - over_.left, 0);
  }
  std::int64_t end(std::int64_t window) const override {
    return std::min(window * over_.stride - over_.left + over_.size, steps_);
  }

 private:
  Windows over_;
  std::int64_t steps_;
};

// So many windows that cover all steps, of sizes that differ by one at most.
struct EvenWindows final : PoolWindows {
  EvenWindows(std::int64_t windows, std::int64_t steps) : steps_(steps) { count = windows; }
  std::int64_t begin(std::int64_t window) const override { return window * steps_ / count; }
  std::int64_t end(std::int64_t window) const override {
    return ((window + 1) * steps_ + count - 1) / count;
  }

 private:
  std::int64_t steps_;
};

// function(place in y, place in x of the window's first step, steps).
template <class Function>
void for_each_window(const Shape& x, const PoolWindows& over, const Function& function) {
  for (std::int64_t row = 0; row < x[0]; ++row) {
    for (std::int64_t window = 0; window < over.count; ++window) {
      const std::int64_t begin = over.begin(window);
      const std::int64_t steps = over.end(window) - begin;
      for (std::int64_t feature = 0; feature < x[2]; ++feature) {
        function((row * over.count + window) * x[2] + feature,
                 (row * x[1] + begin) * x[2] + feature, steps);
      }
    }
  }
}

// The largest or the mean of each window of (B, T, F).
void pool_windows(Pass& pass, Call& call, const PoolWindows& over, bool is_max) {
  const TensorView& x = call.inputs[0].data;
  const TensorView y = pass.arena.tensor({x.shape()[0], over.count, x.shape()[2]}, x.dtype());
  const TensorView largest = is_max ? pass.arena.tensor(y.shape(), DType::int32) : TensorView();
  with_real(x.dtype(), [&](auto real) {
    using Real = decltype(real);
    for_each_window(x.shape(), over, [&](std::int64_t out, std::int64_t first, std::int64_t count) {
      const Real* from = x.as<Real>() + first;
      const std::int64_t width = x.shape()[2];
      Real value = is_max ? from[0] : Real{0};
      std::int64_t best = 0;
      for (std::int64_t i = 0; i < count; ++i) {
        const Real here = from[i * width];
        if (!is_max) value += here;
        if (is_max && here > value) {
          value = here;
          best = i;
        }
      }
      y.as<Real>()[out] = is_max ? value : value / static_cast<Real>(count);
      if (is_max) largest.as<std::int32_t>()[out] = static_cast<std::int32_t>(best);
    });
  });
  call.outputs[0] = {y, {}};
  if (call.tape != nullptr) (*call.tape)[largest_place] = largest;
}

void pool_windows_back(Pass& pass, const Call& call, CallGradient& gradient,
                       const PoolWindows& over, bool is_max) {
  if (!gradient.wanted[0]) return;
  const Shape& shape = call.inputs[0].data.shape();
  const TensorView dx = gradient.inputs[0] = pass.arena.zeros(shape, call.inputs[0].data.dtype());
  const TensorView& largest = (*call.tape)[largest_place];
  with_real(dx.dtype(), [&](auto real) {
    using Real = decltype(real);
    const Real* dy = gradient.outputs[0].as<Real>();
    for_each_window(shape, over, [&](std::int64_t out, std::int64_t first, std::int64_t count) {
      Real* to = dx.as<Real>() + first;
      const std::int64_t width = shape[2];
      if (is_max) {
        to[largest.as<std::int32_t>()[out] * width] += dy[out];
        return;
      }
      for (std::int64_t i = 0; i < count; ++i) to[i * width] += dy[out] / static_cast<Real>(count);
    });
  });
}

// What all pooling layers share: the order of the channels, the checks, the largest or the mean.
// Derived gives shape_of(x), the shape of the result, and the two passes, both with channels last.
template <class Derived, class Options>
class PoolingLayer : public LayerWith<Derived, Options> {
 public:
  PoolingLayer(const Options& options, bool is_max)
      : LayerWith<Derived, Options>(options), is_max_(is_max) {}

  bool supports_masking() const override { return false; }
  bool causal() const override { return false; }
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return {channels_last(derived().shape_of(channels_last(inputs[0])))};
  }
  void check_inputs(std::span<const Value> inputs) const override {
    Layer::check_inputs(inputs);
    check_sequence([this] { return this->described(); }, inputs[0].data.shape());
    derived().check_steps(inputs[0], channels_last(inputs[0].data.shape()));
  }
  void forward(Pass& pass, Call& call) const override {
    forward_with_channels(pass, call, first(), [&](Call& own) { derived().pool(pass, own); });
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    backward_with_channels(pass, call, gradient, first(),
                           [&](const Call& own, CallGradient& own_gradient) {
                             derived().pool_back(pass, own, own_gradient);
                           });
  }

 protected:
  bool is_max() const { return is_max_; }
  void check_any_step(const Shape& x) const {
    if (x[1] > 0) return;
    throw Error(fmt::format("{} needs at least one step", this->described()));
  }

 private:
  const Derived& derived() const { return static_cast<const Derived&>(*this); }
  bool first() const { return channels_are_first(this->options_.data_format); }
  Shape channels_last(const Shape& shape) const {
    return first() ? with_channels_moved(shape) : shape;
  }
  void build_weights(std::span<const Shape> inputs) override {
    check_sequence([this] { return this->described(); }, inputs[0]);
  }

  bool is_max_;
};

class Pooling1D final : public PoolingLayer<Pooling1D, layers::Pooling1DOptions> {
 public:
  using PoolingLayer::PoolingLayer;
  std::string_view class_name() const override {
    return is_max() ? "MaxPooling1D" : "AveragePooling1D";
  }

  Shape shape_of(const Shape& x) const { return {x[0], windows(x[1]).count, x[2]}; }
  void check_steps(const Value& /*input*/, const Shape& x) const {
    if (windows(x[1]).count > 0) return;
    throw Error(fmt::format("{}: {} steps are fewer than one window of {}", described(), x[1],
                            options_.pool_size[0]),
                "give longer sequences, or padding \"same\"");
  }
  void pool(Pass& pass, Call& call) const { pool_windows(pass, call, windows_of(call), is_max()); }
  void pool_back(Pass& pass, const Call& call, CallGradient& gradient) const {
    pool_windows_back(pass, call, gradient, windows_of(call), is_max());
  }

 private:
  SlidingWindows windows_of(const Call& call) const {
    const std::int64_t steps = call.inputs[0].data.shape()[1];
    return {windows(steps), steps};
  }
  std::int64_t stride() const {
    return options_.strides.empty() ? options_.pool_size[0] : options_.strides[0];
  }
  Windows windows(std::int64_t steps) const {
    return Windows::over(steps, options_.pool_size[0], stride(), options_.padding);
  }
};

class AdaptivePooling1D final
    : public PoolingLayer<AdaptivePooling1D, layers::AdaptivePooling1DOptions> {
 public:
  using PoolingLayer::PoolingLayer;
  std::string_view class_name() const override {
    return is_max() ? "AdaptiveMaxPooling1D" : "AdaptiveAveragePooling1D";
  }

  Shape shape_of(const Shape& x) const { return {x[0], options_.output_size[0], x[2]}; }
  void check_steps(const Value& /*input*/, const Shape& x) const { check_any_step(x); }
  void pool(Pass& pass, Call& call) const { pool_windows(pass, call, windows_of(call), is_max()); }
  void pool_back(Pass& pass, const Call& call, CallGradient& gradient) const {
    pool_windows_back(pass, call, gradient, windows_of(call), is_max());
  }

 private:
  EvenWindows windows_of(const Call& call) const {
    return {options_.output_size[0], call.inputs[0].data.shape()[1]};
  }
};

// The gradient of the largest of a column's steps goes to all that are as large, in equal parts, as
// TensorFlow's reduce_max has it; its pooling with windows gives all of it to the first.
template <class Real>
void share_among_largest(const Real* x, const Shape& shape, Real slope, Real* to) {
  const std::int64_t width = shape[2];
  Real largest = x[0];
  std::int64_t count = 0;
  for (std::int64_t step = 0; step < shape[1]; ++step) {
    const Real here = x[step * width];
    if (here > largest) count = 0;
    largest = std::max(largest, here);
    if (here == largest) ++count;
  }
  const Real share = Real{1} / static_cast<Real>(count) * slope;
  for (std::int64_t step = 0; step < shape[1]; ++step) {
    if (x[step * width] == largest) to[step * width] = share;
  }
}

class GlobalPooling1D final : public PoolingLayer<GlobalPooling1D, layers::GlobalPooling1DOptions> {
 public:
  using PoolingLayer::PoolingLayer;
  std::string_view class_name() const override {
    return is_max() ? "GlobalMaxPooling1D" : "GlobalAveragePooling1D";
  }
  bool supports_masking() const override { return !is_max(); }

  Shape shape_of(const Shape& x) const {
    return options_.keepdims ? Shape{x[0], 1, x[2]} : Shape{x[0], x[2]};
  }
  void check_steps(const Value& input, const Shape& x) const {
    if (!is_max()) check_step_mask([this] { return described(); }, input.mask, x);
    check_any_step(x);
  }

  void pool(Pass& pass, Call& call) const {
    const Value& x = call.inputs[0];
    const Shape& shape = x.data.shape();
    const TensorView y = pass.arena.tensor(shape_of(shape), dtype());
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      for (std::int64_t row = 0; row < shape[0]; ++row) {
        const double weight = is_max() ? 1.0 : counted(x, row);
        for (std::int64_t feature = 0; feature < shape[2]; ++feature) {
          const Real* from = x.data.as<Real>() + row * shape[1] * shape[2] + feature;
          Real best = from[0];
          double sum = 0.0;
          for (std::int64_t step = 0; step < shape[1]; ++step) {
            const Real here = from[step * shape[2]];
            if (here > best) best = here;
            if (!is_max() && counts(x, row, step)) sum += static_cast<double>(here);
          }
          y.as<Real>()[row * shape[2] + feature] =
              is_max() ? best : static_cast<Real>(weight > 0.0 ? sum / weight : 0.0);
        }
      }
    });
    call.outputs[0] = {y, {}};
  }

  void pool_back(Pass& pass, const Call& call, CallGradient& gradient) const {
    if (!gradient.wanted[0]) return;
    const Value& x = call.inputs[0];
    const Shape& shape = x.data.shape();
    const TensorView dx = gradient.inputs[0] = pass.arena.zeros(shape, dtype());
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      const Real* dy = gradient.outputs[0].as<Real>();
      for (std::int64_t row = 0; row < shape[0]; ++row) {
        const auto weight = static_cast<Real>(is_max() ? 1.0 : counted(x, row));
        for (std::int64_t feature = 0; feature < shape[2]; ++feature) {
          const std::int64_t out = row * shape[2] + feature;
          Real* to = dx.as<Real>() + row * shape[1] * shape[2] + feature;
          if (is_max()) {
            share_among_largest(x.data.as<Real>() + (to - dx.as<Real>()), shape, dy[out], to);
            continue;
          }
          for (std::int64_t step = 0; step < shape[1]; ++step) {
            if (counts(x, row, step)) to[step * shape[2]] = dy[out] / weight;
          }
        }
      }
    });
  }

 private:
  static bool counts(const Value& x, std::int64_t row, std::int64_t step) {
    return !x.mask || x.mask.as<std::uint8_t>()[row * x.mask.shape()[1] + step] != 0;
  }
  static double counted(const Value& x, std::int64_t row) {
    const std::int64_t steps = x.data.shape()[1];
    if (!x.mask) return static_cast<double>(steps);
    const auto* mask = x.mask.as<std::uint8_t>() + row * steps;
    return static_cast<double>(std::count(mask, mask + steps, std::uint8_t{1}));
  }
};

}  // namespace

LayerPtr layers::MaxPooling1D(const Pooling1DOptions& options) {
  return make_valid<Pooling1D>(options, true);
}
LayerPtr layers::AveragePooling1D(const Pooling1DOptions& options) {
  return make_valid<Pooling1D>(options, false);
}
LayerPtr layers::AdaptiveMaxPooling1D(const AdaptivePooling1DOptions& options) {
  return make_valid<AdaptivePooling1D>(options, true);
}
LayerPtr layers::AdaptiveAveragePooling1D(const AdaptivePooling1DOptions& options) {
  return make_valid<AdaptivePooling1D>(options, false);
}
LayerPtr layers::GlobalMaxPooling1D(const GlobalPooling1DOptions& options) {
  return make_valid<GlobalPooling1D>(options, true);
}
LayerPtr layers::GlobalAveragePooling1D(const GlobalPooling1DOptions& options) {
  return make_valid<GlobalPooling1D>(options, false);
}

}  // namespace chronicler
