#include "chronicler/layers/conv1d.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "kernels/gemm.h"
#include "layers/convolution/channels.h"
#include "layers/convolution/padding.h"
#include "layers/convolution/sequence_checks.h"
#include "layers/core/dispatch.h"
#include "layers/core/kinds.h"
#include "layers/core/logits.h"

namespace chronicler {
namespace {

using kernels::Start;

// The tape's places.
constexpr int padded_place = 0;
constexpr int preactivation_place = 1;

class Conv1DLayer final : public Layer {
 public:
  explicit Conv1DLayer(const layers::Conv1DOptions& options) : options_(options) {
    take_common(options_);
  }

  std::string_view class_name() const override { return "Conv1D"; }
  LayerPtr clone() const override { return clone_of(*this); }
  const Regularizer& activity_regularizer() const override { return options_.activity_regularizer; }

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
    const auto one = [&](std::string_view name, const std::vector<std::int64_t>& value) {
      if (value.size() == 1 && value[0] > 0) return;
      throw Error(fmt::format("{}: {} must be one positive number", described(), name));
    };
    one("kernel_size", options_.kernel_size);
    one("strides", options_.strides);
    one("dilation_rate", options_.dilation_rate);
    if (options_.filters <= 0 || options_.groups <= 0 || options_.filters % options_.groups != 0) {
      throw Error(
          fmt::format("{}: filters must be at least 1 and a multiple of groups, got {} and {}",
                      described(), options_.filters, options_.groups));
    }
    static constexpr std::array<std::string_view, 3> paddings{"valid", "same", "causal"};
    if (std::find(paddings.begin(), paddings.end(), options_.padding) == paddings.end())
      unknown_name("padding", options_.padding, paddings);
    check_data_format(described(), options_.data_format);
  }

  bool supports_masking() const override { return false; }
  bool causal() const override {
    return !first() && stride() == 1 && (options_.padding == "causal" || span() == 1);
  }
  // The steps before the first one that the next call needs. With strides a call takes a multiple
  // of them, which is for the caller to see to: a Stream, of single steps, refuses such a layer.
  State initial_state(std::int64_t batch) const override {
    if (options_.padding != "causal" || span() == 1) return {};
    return {Tensor({batch, span() - 1, features()}, dtype())};
  }

  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    const Shape x = channels_last(inputs[0]);
    return {channels_last({x[0], windows(x[1]).count, options_.filters})};
  }

  void check_inputs(std::span<const Value> inputs) const override {
    Layer::check_inputs(inputs);
    const Shape x = channels_last(inputs[0].data.shape());
    if (x.rank() != 3 || x[2] != features()) {
      throw Error(fmt::format("{} was built for {} features of each step, input is {}", described(),
                              features(), inputs[0].data.shape().to_string()));
    }
    if (windows(x[1]).count > 0) return;
    throw Error(
        fmt::format("{}: {} steps are fewer than one window of {}", described(), x[1], span()),
        "give longer sequences, or padding \"same\" or \"causal\"");
  }

  void forward(Pass& pass, Call& call) const override {
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      forward_activated<Real>(pass, call, first(), kernel_activation(options_.activation),
                              preactivation_place, [&](Call& own, kernels::Activation activation) {
                                run_forward<Real>(pass, own, activation);
                              });
    });
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      backward_activated<Real>(
          pass, call, gradient, first(), kernel_activation(options_.activation),
          preactivation_place,
          [&](const Call& own, CallGradient& own_gradient, kernels::Activation activation) {
            run_backward<Real>(pass, own, own_gradient, activation);
          });
    });
  }

 private:
  bool first() const { return channels_are_first(options_.data_format); }
  Shape channels_last(const Shape& shape) const {
    return first() ? with_channels_moved(shape) : shape;
  }
  std::int64_t taps() const { return options_.kernel_size[0]; }
  std::int64_t stride() const { return options_.strides[0]; }
  std::int64_t dilation() const { return options_.dilation_rate[0]; }
  std::int64_t span() const { return (taps() - 1) * dilation() + 1; }
  std::int64_t features() const { return parameters_[0].value.shape()[1] * options_.groups; }
  Windows windows(std::int64_t steps) const {
    return Windows::over(steps, span(), stride(), options_.padding);
  }

  void build_weights(std::span<const Shape> inputs) override {
    const Shape x = channels_last(inputs[0]);
    if (x.rank() != 3 || x[2] <= 0) {
      throw Error(fmt::format("{} needs input (batch, steps, features) with known features, got {}",
                              described(), inputs[0].to_string()),
                  "give the data a features axis");
    }
    if (x[2] % options_.groups != 0) {
      throw Error(fmt::format("{}: {} features do not divide into {} groups", described(), x[2],
                              options_.groups));
    }
    add_weight(
        "kernel", {taps(), x[2] / options_.groups, options_.filters},
        {options_.kernel_initializer, options_.kernel_regularizer, options_.kernel_constraint});
    if (options_.use_bias) {
      add_weight("bias", {options_.filters},
                 {options_.bias_initializer, options_.bias_regularizer, options_.bias_constraint});
    }
  }

  // The input with what its padding, or the steps of the call before, put around it.
  TensorView padded(Pass& pass, const Call& call, const Windows& windows) const {
    const TensorView& x = call.inputs[0].data;
    const std::int64_t steps = x.shape()[1];
    if (windows.left == 0 && windows.right == 0) return x;
    const std::int64_t all = windows.left + steps + windows.right;
    const TensorView y = pass.arena.zeros({x.shape()[0], all, x.shape()[2]}, x.dtype());
    const std::int64_t width = x.shape()[2];
    with_real(x.dtype(), [&](auto real) {
      using Real = decltype(real);
      for (std::int64_t row = 0; row < x.shape()[0]; ++row) {
        Real* to = y.as<Real>() + row * all * width;
        if (!call.state.empty()) {
          const std::int64_t held = windows.left * width;
          Real* state = call.state[0].template as<Real>() + row * held;
          std::copy_n(state, held, to);
        }
        std::copy_n(x.as<Real>() + row * steps * width, steps * width, to + windows.left * width);
        if (!call.state.empty()) {
          const std::int64_t held = windows.left * width;
          std::copy_n(to + steps * width, held, call.state[0].template as<Real>() + row * held);
        }
      }
    });
    return y;
  }

  template <class Real>
  void run_forward(Pass& pass, Call& call, kernels::Activation activation) const {
    const Windows over = windows(call.inputs[0].data.shape()[1]);
    const TensorView x = padded(pass, call, over);
    const std::int64_t rows = x.shape()[0];
    const std::int64_t width = x.shape()[2];
    const std::int64_t filters = options_.filters;
    const TensorView y = pass.arena.tensor({rows, over.count, filters}, dtype());
    const bool keep_input = call.tape != nullptr && kernels::needs_input(activation);
    const bool asked = asks_for_logits(call, activation);
    const TensorView z = keep_input || asked ? pass.arena.tensor(y.shape(), dtype()) : y;
    const std::int64_t group_in = width / options_.groups;
    const std::int64_t group_out = filters / options_.groups;
    pass.runtime.parallel(rows, [&](std::int64_t row) {
      const Real* from = x.as<Real>() + row * x.shape()[1] * width;
      Real* to = z.as<Real>() + row * over.count * filters;
      for (std::int64_t tap = 0; tap < taps(); ++tap) {
        for (std::int64_t group = 0; group < options_.groups; ++group) {
          const Real* kernel = parameters_[0].value.as<Real>() + tap * group_in * filters;
          const Real* bias =
              options_.use_bias ? parameters_[1].value.as<Real>() + group * group_out : nullptr;
          const Start start = tap > 0           ? Start::accumulate
                              : bias != nullptr ? Start::row
                                                : Start::zero;
          kernels::gemm(over.count, group_out, group_in,
                        from + tap * dilation() * width + group * group_in, stride() * width,
                        kernel + group * group_out, filters, to + group * group_out, filters, start,
                        bias);
        }
      }
      kernels::activate(activation, over.count, filters, to,
                        y.as<Real>() + row * over.count * filters);
    });
    call.outputs[0] = {y, {}};
    if (asked) call.logits[0] = logits_of(activation, z);
    if (call.tape == nullptr) return;
    (*call.tape)[padded_place] = x;
    if (keep_input) (*call.tape)[preactivation_place] = z;
  }

  template <class Real>
  void run_backward(Pass& pass, const Call& call, CallGradient& gradient,
                    kernels::Activation activation) const {
    const Windows over = windows(call.inputs[0].data.shape()[1]);
    const TensorView x = (*call.tape)[padded_place];
    const std::int64_t rows = x.shape()[0];
    const std::int64_t padded_steps = x.shape()[1];
    const std::int64_t width = x.shape()[2];
    const std::int64_t filters = options_.filters;
    const std::int64_t group_in = width / options_.groups;
    const std::int64_t group_out = filters / options_.groups;
    const TensorView z = (*call.tape)[preactivation_place];
    const Real* dz =
        slopes_before<Real>(pass, activation, rows * over.count, filters,
                            z ? z.as<Real>() : nullptr, call.outputs[0].data.as<Real>(), gradient);
    if (trainable()) {
      Real* dw = parameters_[0].gradient.as<Real>();
      pass.runtime.parallel(taps(), [&](std::int64_t tap) {
        for (std::int64_t row = 0; row < rows; ++row) {
          for (std::int64_t group = 0; group < options_.groups; ++group) {
            kernels::gemm_outer(
                group_in, group_out, over.count,
                x.as<Real>() + (row * padded_steps + tap * dilation()) * width + group * group_in,
                stride() * width, dz + row * over.count * filters + group * group_out, filters,
                dw + tap * group_in * filters + group * group_out, filters);
          }
        }
      });
      if (options_.use_bias) {
        kernels::add_rows(filters, rows * over.count, dz, filters,
                          parameters_[1].gradient.as<Real>());
      }
    }
    if (!gradient.wanted[0]) return;
    const std::int64_t packed_size = kernels::packed_size<Real>(group_out, group_in);
    const std::int64_t aligned = (packed_size + 15) / 16 * 16;
    Real* packed = pass.arena.array<Real>(aligned * taps() * options_.groups);
    for (std::int64_t i = 0; i < taps() * options_.groups; ++i) {
      const Real* kernel = parameters_[0].value.as<Real>() +
                           i / options_.groups * group_in * filters +
                           i % options_.groups * group_out;
      kernels::pack(group_out, group_in, kernel, filters, true, packed + i * aligned);
    }
    const TensorView wide = pass.arena.zeros(x.shape(), dtype());
    pass.runtime.parallel(rows, [&](std::int64_t row) {
      for (std::int64_t i = 0; i < taps() * options_.groups; ++i) {
        const std::int64_t tap = i / options_.groups;
        const std::int64_t group = i % options_.groups;
        kernels::gemm_packed(
            over.count, group_in, group_out, dz + row * over.count * filters + group * group_out,
            filters, packed + i * aligned,
            wide.as<Real>() + (row * padded_steps + tap * dilation()) * width + group * group_in,
            stride() * width, Start::accumulate);
      }
    });
    gradient.inputs[0] = wide;
    if (over.left == 0 && over.right == 0) return;
    const std::int64_t steps = call.inputs[0].data.shape()[1];
    gradient.inputs[0] = pass.arena.tensor({rows, steps, width}, dtype());
    for (std::int64_t row = 0; row < rows; ++row) {
      std::copy_n(wide.as<Real>() + (row * padded_steps + over.left) * width, steps * width,
                  gradient.inputs[0].template as<Real>() + row * steps * width);
    }
  }

  layers::Conv1DOptions options_;
};

}  // namespace

LayerPtr layers::Conv1D(const Conv1DOptions& options) { return make_valid<Conv1DLayer>(options); }
LayerPtr make_conv1d() { return std::make_shared<Conv1DLayer>(layers::Conv1DOptions{}); }

}  // namespace chronicler
