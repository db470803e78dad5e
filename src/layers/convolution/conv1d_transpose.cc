#include "chronicler/layers/conv1d_transpose.h"

#include <algorithm>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "kernels/gemm.h"
#include "layers/convolution/channels.h"
#include "layers/core/dispatch.h"
#include "layers/core/kernel_activation.h"
#include "layers/core/layer_with.h"
#include "layers/core/logits.h"

namespace chronicler {
namespace {

using kernels::Start;

// The tape's place of the sums before the activation, where it needs them.
constexpr int preactivation_place = 0;

class Conv1DTransposeLayer final
    : public LayerWith<Conv1DTransposeLayer, layers::Conv1DTransposeOptions> {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "Conv1DTranspose"; }

  void validate() const override {
    LayerWith::validate();
    if (stride() > 1 && dilation() > 1) {
      throw Error(fmt::format("{}: Specifying `strides > 1` is not compatible with "
                              "`dilation_rate > 1`",
                              described()),
                  "set one of them to 1");
    }
    const std::vector<std::int64_t>& behind = options_.output_padding;
    if (!behind.empty() && behind[0] >= stride())
      throw Error(fmt::format("{}: output_padding must be below strides", described()));
  }

  bool supports_masking() const override { return false; }
  bool causal() const override { return false; }

  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    const Shape x = channels_last(inputs[0]);
    return {channels_last({x[0], x[1] == None ? None : steps_of(x[1]), options_.filters})};
  }

  void check_inputs(std::span<const Value> inputs) const override {
    Layer::check_inputs(inputs);
    const Shape x = channels_last(inputs[0].data.shape());
    const std::int64_t features = parameters_[0].value.shape()[2];
    if (x.rank() == 3 && x[2] == features && x[1] > 0 && steps_of(x[1]) > 0) return;
    throw Error(fmt::format("{} was built for {} features and at least one step, input is {}",
                            described(), features, inputs[0].data.shape().to_string()));
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
  // So that no length is beyond what a number holds.

  bool first() const { return channels_are_first(options_.data_format); }
  Shape channels_last(const Shape& shape) const {
    return first() ? with_channels_moved(shape) : shape;
  }
  std::int64_t taps() const { return options_.kernel_size[0]; }
  std::int64_t stride() const { return options_.strides[0]; }
  std::int64_t dilation() const { return options_.dilation_rate[0]; }
  std::int64_t span() const { return (taps() - 1) * dilation() + 1; }

  // How many steps come out, and how many that windows reach are cut off in front.
  std::int64_t steps_of(std::int64_t steps) const {
    if (steps > layers::most_steps)
      throw Error(
          fmt::format("{}: {} steps are more than {}", described(), steps, layers::most_steps));
    const bool given = !options_.output_padding.empty();
    const std::int64_t behind = given ? options_.output_padding[0] : 0;
    if (options_.padding == "same")
      return given ? (steps - 1) * stride() + span() % 2 + behind : steps * stride();
    const std::int64_t window = given ? span() + behind : std::max(span(), stride());
    return (steps - 1) * stride() + window;
  }
  std::int64_t cut_in_front(std::int64_t steps) const {
    if (options_.padding != "same") return 0;
    return std::max<std::int64_t>((steps - 1) * stride() + span() - steps_of(steps), 0) / 2;
  }

  // Of one tap: which steps of the input reach the output, and where the first of them does.
  struct Reach {
    std::int64_t from;
    std::int64_t count;
    std::int64_t to;
  };
  Reach reach_of(std::int64_t tap, std::int64_t steps) const {
    const std::int64_t shift = tap * dilation() - cut_in_front(steps);
    const std::int64_t first_step = shift < 0 ? (-shift + stride() - 1) / stride() : 0;
    const std::int64_t room = steps_of(steps) - 1 - shift;
    const std::int64_t end = room < 0 ? 0 : std::min(steps, room / stride() + 1);
    return {first_step, std::max<std::int64_t>(end - first_step, 0), first_step * stride() + shift};
  }

  void build_weights(std::span<const Shape> inputs) override {
    const Shape x = channels_last(inputs[0]);
    if (x.rank() != 3 || x[2] <= 0) {
      throw Error(fmt::format("{} needs input (batch, steps, features) with known features, got {}",
                              described(), inputs[0].to_string()),
                  "give the data a features axis");
    }
    add_weight(
        "kernel", {taps(), options_.filters, x[2]},
        {options_.kernel_initializer, options_.kernel_regularizer, options_.kernel_constraint});
    if (options_.use_bias) {
      add_weight("bias", {options_.filters},
                 {options_.bias_initializer, options_.bias_regularizer, options_.bias_constraint});
    }
  }

  template <class Real>
  void run_forward(Pass& pass, Call& call, kernels::Activation activation) const {
    const TensorView& x = call.inputs[0].data;
    const std::int64_t steps = x.shape()[1];
    const std::int64_t width = x.shape()[2];
    const std::int64_t filters = options_.filters;
    const std::int64_t out_steps = steps_of(steps);
    const TensorView y = pass.arena.tensor({x.shape()[0], out_steps, filters}, dtype());
    const bool keep = call.tape != nullptr && kernels::needs_input(activation);
    const bool asked = asks_for_logits(call, activation);
    const TensorView z = keep || asked ? pass.arena.tensor(y.shape(), dtype()) : y;
    const std::int64_t packed_size = aligned(kernels::packed_size<Real>(width, filters));
    Real* packed = pass.arena.array<Real>(taps() * packed_size);
    for (std::int64_t tap = 0; tap < taps(); ++tap) {
      kernels::pack(width, filters, parameters_[0].value.as<Real>() + tap * filters * width, width,
                    true, packed + tap * packed_size);
    }
    pass.runtime.parallel(x.shape()[0], [&](std::int64_t row) {
      const Real* from = x.as<Real>() + row * steps * width;
      Real* to = z.as<Real>() + row * out_steps * filters;
      for (std::int64_t step = 0; step < out_steps; ++step) {
        if (options_.use_bias) {
          std::copy_n(parameters_[1].value.as<Real>(), filters, to + step * filters);
        } else {
          std::fill_n(to + step * filters, filters, Real{0});
        }
      }
      for (std::int64_t tap = 0; tap < taps(); ++tap) {
        const Reach reach = reach_of(tap, steps);
        if (reach.count == 0) continue;
        kernels::gemm_packed(reach.count, filters, width, from + reach.from * width, width,
                             static_cast<const Real*>(packed) + tap * packed_size,
                             to + reach.to * filters, stride() * filters, Start::accumulate);
      }
      kernels::activate(activation, out_steps, filters, to,
                        y.as<Real>() + row * out_steps * filters);
    });
    call.outputs[0] = {y, {}};
    if (keep) (*call.tape)[preactivation_place] = z;
    if (asked) call.logits[0] = logits_of(activation, z);
  }

  template <class Real>
  void run_backward(Pass& pass, const Call& call, CallGradient& gradient,
                    kernels::Activation activation) const {
    const TensorView& x = call.inputs[0].data;
    const std::int64_t rows = x.shape()[0];
    const std::int64_t steps = x.shape()[1];
    const std::int64_t width = x.shape()[2];
    const std::int64_t filters = options_.filters;
    const std::int64_t out_steps = steps_of(steps);
    const TensorView& z = (*call.tape)[preactivation_place];
    const Real* dz =
        slopes_before<Real>(pass, activation, rows * out_steps, filters, z ? z.as<Real>() : nullptr,
                            call.outputs[0].data.as<Real>(), gradient);
    if (trainable()) {
      pass.runtime.parallel(taps(), [&](std::int64_t tap) {
        const Reach reach = reach_of(tap, steps);
        for (std::int64_t row = 0; row < rows && reach.count > 0; ++row) {
          kernels::gemm_outer<Real>(
              filters, width, reach.count, dz + (row * out_steps + reach.to) * filters,
              stride() * filters, x.as<Real>() + (row * steps + reach.from) * width, width,
              parameters_[0].gradient.as<Real>() + tap * filters * width, width);
        }
      });
      if (options_.use_bias) {
        kernels::add_rows<Real>(filters, rows * out_steps, dz, filters,
                                parameters_[1].gradient.as<Real>());
      }
    }
    if (!gradient.wanted[0]) return;
    const TensorView dx = gradient.inputs[0] = pass.arena.zeros(x.shape(), dtype());
    pass.runtime.parallel(rows, [&](std::int64_t row) {
      for (std::int64_t tap = 0; tap < taps(); ++tap) {
        const Reach reach = reach_of(tap, steps);
        if (reach.count == 0) continue;
        kernels::gemm<Real>(
            reach.count, width, filters, dz + (row * out_steps + reach.to) * filters,
            stride() * filters, parameters_[0].value.as<Real>() + tap * filters * width, width,
            dx.as<Real>() + (row * steps + reach.from) * width, width, Start::accumulate);
      }
    });
  }

  static std::int64_t aligned(std::int64_t size) { return (size + 15) / 16 * 16; }
};

}  // namespace

LayerPtr layers::Conv1DTranspose(const Conv1DTransposeOptions& options) {
  return make_valid<Conv1DTransposeLayer>(options);
}

}  // namespace chronicler
