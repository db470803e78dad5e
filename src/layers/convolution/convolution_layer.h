// What Conv1D, DepthwiseConv1D and SeparableConv1D share: windows over the steps of a sequence, and
// the products of each with a kernel.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/layers/layer.h"
#include "kernels/gemm.h"
#include "layers/convolution/channels.h"
#include "layers/convolution/padding.h"
#include "layers/convolution/sequence_checks.h"
#include "layers/core/dispatch.h"
#include "layers/core/kernel_activation.h"
#include "layers/core/layer_with.h"
#include "layers/core/logits.h"

namespace chronicler {

// One convolution of data (B, T, features) with the channels last. The kernel's numbers are
// [tap][feature of its group][filter], whatever its shape: groups are of filters, too.
struct Convolution {
  std::int64_t taps = 1;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t groups = 1;
  std::int64_t features = 0;
  std::int64_t filters = 0;
  std::string_view padding = "valid";
  const Parameter* kernel = nullptr;
  const Parameter* bias = nullptr;  // null: none
  bool is_trained = true;

  std::int64_t span() const { return (taps - 1) * dilation + 1; }
  Windows windows(std::int64_t steps) const {
    return Windows::over(steps, span(), stride, padding);
  }
  std::int64_t group_in() const { return features / groups; }
  std::int64_t group_out() const { return filters / groups; }
  // Each feature by itself: products of single numbers, not of matrices.
  bool is_depthwise() const { return groups > 1 && groups == features; }
};

// The input with what its padding, or the steps of the call before, put around it.
inline TensorView padded_steps(Pass& pass, const TensorView& x, std::span<Tensor> state,
                               const Windows& windows) {
  const std::int64_t steps = x.shape()[1];
  if (windows.left == 0 && windows.right == 0) return x;
  const std::int64_t all = windows.left + steps + windows.right;
  const TensorView y = pass.arena.zeros({x.shape()[0], all, x.shape()[2]}, x.dtype());
  const std::int64_t width = x.shape()[2];
  with_real(x.dtype(), [&](auto real) {
    using Real = decltype(real);
    const std::int64_t held = windows.left * width;
    for (std::int64_t row = 0; row < x.shape()[0]; ++row) {
      Real* to = y.as<Real>() + row * all * width;
      Real* before = state.empty() ? nullptr : state[0].template as<Real>() + row * held;
      if (before != nullptr) std::copy_n(before, held, to);
      std::copy_n(x.as<Real>() + row * steps * width, steps * width, to + held);
      if (before != nullptr) std::copy_n(to + steps * width, held, before);
    }
  });
  return y;
}

// Sums of one row before the activation, features by themselves: to (count, filters).
template <class Real>
void convolve_features(const Convolution& conv, std::int64_t count, const Real* from, Real* to) {
  const std::int64_t each = conv.group_out();
  const Real* bias = conv.bias != nullptr ? conv.bias->value.as<Real>() : nullptr;
  for (std::int64_t window = 0; window < count; ++window) {
    Real* y = to + window * conv.filters;
    for (std::int64_t i = 0; i < conv.filters; ++i) y[i] = bias != nullptr ? bias[i] : Real{0};
    for (std::int64_t tap = 0; tap < conv.taps; ++tap) {
      const Real* x = from + (window * conv.stride + tap * conv.dilation) * conv.features;
      const Real* kernel = conv.kernel->value.as<Real>() + tap * conv.filters;
      if (each == 1) {
        for (std::int64_t i = 0; i < conv.filters; ++i) y[i] += x[i] * kernel[i];
      } else {
        for (std::int64_t i = 0; i < conv.filters; ++i) y[i] += x[i / each] * kernel[i];
      }
    }
  }
}

struct Convolved {
  TensorView padded;  // the input
  TensorView sums;    // before the activation; the output itself unless they are kept
  TensorView output;  // (B, windows, filters)
};

template <class Real>
Convolved convolve(Pass& pass, const Convolution& conv, const TensorView& input,
                   std::span<Tensor> state, kernels::Activation activation, bool keep_sums) {
  using kernels::Start;
  const Windows over = conv.windows(input.shape()[1]);
  const TensorView x = padded_steps(pass, input, state, over);
  const std::int64_t rows = x.shape()[0];
  const std::int64_t width = conv.features;
  const std::int64_t filters = conv.filters;
  const TensorView y = pass.arena.tensor({rows, over.count, filters}, x.dtype());
  const TensorView z = keep_sums ? pass.arena.tensor(y.shape(), x.dtype()) : y;
  pass.runtime.parallel(rows, [&](std::int64_t row) {
    const Real* from = x.as<Real>() + row * x.shape()[1] * width;
    Real* to = z.as<Real>() + row * over.count * filters;
    if (conv.is_depthwise()) convolve_features(conv, over.count, from, to);
    for (std::int64_t tap = 0; !conv.is_depthwise() && tap < conv.taps; ++tap) {
      for (std::int64_t group = 0; group < conv.groups; ++group) {
        const Real* kernel = conv.kernel->value.as<Real>() + tap * conv.group_in() * filters;
        const Real* bias =
            conv.bias != nullptr ? conv.bias->value.as<Real>() + group * conv.group_out() : nullptr;
        const Start start = tap > 0           ? Start::accumulate
                            : bias != nullptr ? Start::row
                                              : Start::zero;
        kernels::gemm(over.count, conv.group_out(), conv.group_in(),
                      from + tap * conv.dilation * width + group * conv.group_in(),
                      conv.stride * width, kernel + group * conv.group_out(), filters,
                      to + group * conv.group_out(), filters, start, bias);
      }
    }
    kernels::activate(activation, over.count, filters, to,
                      y.as<Real>() + row * over.count * filters);
  });
  return {x, z, y};
}

// Adds to the gradients of kernel and bias. dz: of the sums (B, windows, filters).
template <class Real>
void convolve_weights_back(Pass& pass, const Convolution& conv, const TensorView& x,
                           std::int64_t count, const Real* dz) {
  const std::int64_t rows = x.shape()[0];
  const std::int64_t filters = conv.filters;
  Real* dw = conv.kernel->gradient.as<Real>();
  pass.runtime.parallel(conv.taps, [&](std::int64_t tap) {
    for (std::int64_t row = 0; row < rows; ++row) {
      const Real* from = x.as<Real>() + (row * x.shape()[1] + tap * conv.dilation) * conv.features;
      const Real* flow = dz + row * count * filters;
      if (conv.is_depthwise()) {
        Real* to = dw + tap * filters;
        for (std::int64_t window = 0; window < count; ++window) {
          const Real* numbers = from + window * conv.stride * conv.features;
          for (std::int64_t i = 0; i < filters; ++i)
            to[i] += numbers[i / conv.group_out()] * flow[window * filters + i];
        }
        continue;
      }
      for (std::int64_t group = 0; group < conv.groups; ++group) {
        kernels::gemm_outer(
            conv.group_in(), conv.group_out(), count, from + group * conv.group_in(),
            conv.stride * conv.features, flow + group * conv.group_out(), filters,
            dw + tap * conv.group_in() * filters + group * conv.group_out(), filters);
      }
    }
  });
  if (conv.bias != nullptr)
    kernels::add_rows(filters, rows * count, dz, filters, conv.bias->gradient.as<Real>());
}

// The gradient of the padded input x.
template <class Real>
TensorView convolve_input_back(Pass& pass, const Convolution& conv, const TensorView& x,
                               std::int64_t count, const Real* dz) {
  const std::int64_t filters = conv.filters;
  const TensorView dx = pass.arena.zeros(x.shape(), x.dtype());
  const std::int64_t row_size = x.shape()[1] * conv.features;
  if (conv.is_depthwise()) {
    pass.runtime.parallel(x.shape()[0], [&](std::int64_t row) {
      for (std::int64_t window = 0; window < count; ++window) {
        const Real* flow = dz + (row * count + window) * filters;
        for (std::int64_t tap = 0; tap < conv.taps; ++tap) {
          const Real* kernel = conv.kernel->value.as<Real>() + tap * filters;
          Real* to = dx.as<Real>() + row * row_size +
                     (window * conv.stride + tap * conv.dilation) * conv.features;
          for (std::int64_t i = 0; i < filters; ++i)
            to[i / conv.group_out()] += flow[i] * kernel[i];
        }
      }
    });
    return dx;
  }
  const std::int64_t parts = conv.taps * conv.groups;
  const std::int64_t packed_size = kernels::packed_size<Real>(conv.group_out(), conv.group_in());
  const std::int64_t aligned = (packed_size + 15) / 16 * 16;
  Real* packed = pass.arena.array<Real>(aligned * parts);
  for (std::int64_t i = 0; i < parts; ++i) {
    const Real* kernel = conv.kernel->value.as<Real>() +
                         i / conv.groups * conv.group_in() * filters +
                         i % conv.groups * conv.group_out();
    kernels::pack(conv.group_out(), conv.group_in(), kernel, filters, true, packed + i * aligned);
  }
  pass.runtime.parallel(x.shape()[0], [&](std::int64_t row) {
    for (std::int64_t i = 0; i < parts; ++i) {
      const std::int64_t tap = i / conv.groups;
      const std::int64_t group = i % conv.groups;
      kernels::gemm_packed(count, conv.group_in(), conv.group_out(),
                           dz + row * count * filters + group * conv.group_out(), filters,
                           packed + i * aligned,
                           dx.as<Real>() + row * row_size + tap * conv.dilation * conv.features +
                               group * conv.group_in(),
                           conv.stride * conv.features, kernels::Start::accumulate);
    }
  });
  return dx;
}

// Adds to the weights' gradients if they are trained; the gradient of the input (B, steps,
// features), if it is wanted. x: the input as it was padded.
template <class Real>
TensorView convolve_back(Pass& pass, const Convolution& conv, const TensorView& x,
                         std::int64_t steps, const Real* dz, bool wanted) {
  const Windows over = conv.windows(steps);
  if (conv.is_trained) convolve_weights_back(pass, conv, x, over.count, dz);
  if (!wanted) return {};
  const TensorView wide = convolve_input_back(pass, conv, x, over.count, dz);
  if (over.left == 0 && over.right == 0) return wide;
  const std::int64_t rows = x.shape()[0];
  const std::int64_t width = conv.features;
  const TensorView dx = pass.arena.tensor({rows, steps, width}, x.dtype());
  for (std::int64_t row = 0; row < rows; ++row) {
    std::copy_n(wide.as<Real>() + (row * x.shape()[1] + over.left) * width, steps * width,
                dx.as<Real>() + row * steps * width);
  }
  return dx;
}

// One convolution behind another; the activation comes last.
struct ConvolutionStages {
  std::array<Convolution, 2> list;
  std::size_t count = 1;
};

// What a layer of that kind is: options, padding, and the order of channels.
template <class Derived, class Options>
class ConvolutionLayer : public LayerWith<Derived, Options> {
 public:
  using Base = LayerWith<Derived, Options>;
  using Base::Base;
  using Base::build_shapes;
  using Base::described;
  using Base::dtype;
  using Base::trainable;

  bool supports_masking() const override { return false; }
  bool causal() const override {
    return !first() && options_.strides[0] == 1 && (options_.padding == "causal" || span() == 1);
  }
  // The steps before the first one that the next call needs. With strides a call takes a multiple
  // of them, which is for the caller to see to: a Stream, of single steps, refuses such a layer.
  State initial_state(std::int64_t batch) const override {
    if (options_.padding != "causal" || span() == 1) return {};
    return {Tensor({batch, span() - 1, built_features()}, dtype())};
  }

  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    const Shape x = channels_last(inputs[0]);
    return {channels_last({x[0], windows(x[1]).count, filters_of(x[2])})};
  }

  void check_inputs(std::span<const Value> inputs) const override {
    Layer::check_inputs(inputs);
    const Shape x = channels_last(inputs[0].data.shape());
    if (x.rank() != 3 || x[2] != built_features()) {
      throw Error(fmt::format("{} was built for {} features of each step, input is {}", described(),
                              built_features(), inputs[0].data.shape().to_string()));
    }
    if (windows(x[1]).count > 0) return;
    throw Error(
        fmt::format("{}: {} steps are fewer than one window of {}", described(), x[1], span()),
        "give longer sequences, or padding \"same\" or \"causal\"");
  }

  void forward(Pass& pass, Call& call) const override {
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      forward_activated<Real>(pass, call, first(), own_activation(), sums_place,
                              [&](Call& own, kernels::Activation activation) {
                                run_forward<Real>(pass, own, activation);
                              });
    });
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      backward_activated<Real>(
          pass, call, gradient, first(), own_activation(), sums_place,
          [&](const Call& own, CallGradient& own_gradient, kernels::Activation activation) {
            run_backward<Real>(pass, own, own_gradient, activation);
          });
    });
  }

 protected:
  using Base::options_;
  using Base::parameters_;

  virtual std::int64_t filters_of(std::int64_t features) const = 0;
  virtual ConvolutionStages stages() const = 0;

  bool first() const { return channels_are_first(options_.data_format); }
  Shape channels_last(const Shape& shape) const {
    return first() ? with_channels_moved(shape) : shape;
  }
  kernels::Activation own_activation() const { return kernel_activation(options_.activation); }
  std::int64_t built_features() const { return channels_last(build_shapes()[0])[2]; }
  // Of the input of build_weights.
  std::int64_t known_features(const Shape& input) const {
    const Shape x = channels_last(input);
    if (x.rank() == 3 && x[2] > 0) return x[2];
    throw Error(fmt::format("{} needs input (batch, steps, features) with known features, got {}",
                            described(), input.to_string()),
                "give the data a features axis");
  }
  // With the window of the options; kernel, bias, groups and filters are the layer's to set.
  Convolution over_windows(std::int64_t features) const {
    return {.taps = options_.kernel_size[0],
            .stride = options_.strides[0],
            .dilation = options_.dilation_rate[0],
            .features = features,
            .padding = options_.padding,
            .is_trained = trainable()};
  }
  std::int64_t span() const { return over_windows(0).span(); }
  Windows windows(std::int64_t steps) const { return over_windows(0).windows(steps); }

 private:
  // The tape's places: the padded input of stage i, and what the activation was given.
  static constexpr int sums_place = 2;

  template <class Real>
  void run_forward(Pass& pass, Call& call, kernels::Activation activation) const {
    const bool keep_sums = call.tape != nullptr && kernels::needs_input(activation);
    const bool asked = asks_for_logits(call, activation);
    const ConvolutionStages own = stages();
    Convolved convolved{.output = call.inputs[0].data};
    for (std::size_t i = 0; i < own.count; ++i) {
      const bool is_last = i + 1 == own.count;
      convolved = convolve<Real>(
          pass, own.list[i], convolved.output, i == 0 ? call.state : std::span<Tensor>(),
          is_last ? activation : kernels::Activation::linear, is_last && (keep_sums || asked));
      if (call.tape != nullptr) (*call.tape)[static_cast<int>(i)] = convolved.padded;
    }
    call.outputs[0] = {convolved.output, {}};
    if (asked) call.logits[0] = logits_of(activation, convolved.sums);
    if (keep_sums) (*call.tape)[sums_place] = convolved.sums;
  }

  template <class Real>
  void run_backward(Pass& pass, const Call& call, CallGradient& gradient,
                    kernels::Activation activation) const {
    const TensorView& y = call.outputs[0].data;
    const TensorView z = (*call.tape)[sums_place];
    const std::int64_t filters = y.shape()[2];
    const Real* dz = slopes_before<Real>(pass, activation, y.size() / filters, filters,
                                         z ? z.as<Real>() : nullptr, y.as<Real>(), gradient);
    const ConvolutionStages own = stages();
    TensorView dx;
    for (std::size_t i = own.count; i-- > 0;) {
      // Behind the first stage there is no padding: the input is as long as it is kept.
      const TensorView& x = (*call.tape)[static_cast<int>(i)];
      const std::int64_t steps = i == 0 ? call.inputs[0].data.shape()[1] : x.shape()[1];
      dx = convolve_back<Real>(pass, own.list[i], x, steps, dz, i > 0 || gradient.wanted[0]);
      if (i > 0) dz = dx.as<Real>();
    }
    if (gradient.wanted[0]) gradient.inputs[0] = dx;
  }
};

}  // namespace chronicler
