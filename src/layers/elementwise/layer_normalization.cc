#include "chronicler/layers/layer_normalization.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/dispatch.h"
#include "layers/core/kinds.h"
#include "layers/core/lines.h"
#include "layers/core/sums.h"

namespace chronicler {
namespace {

// The tape's places.
constexpr int mean_place = 0;
constexpr int factor_place = 1;  // 1 / sqrt(variance + epsilon)

class LayerNormalizationLayer final : public Layer {
 public:
  explicit LayerNormalizationLayer(const layers::LayerNormalizationOptions& options)
      : options_(options) {
    take_common(options_);
  }

  std::string_view class_name() const override { return "LayerNormalization"; }
  LayerPtr clone() const override { return clone_of(*this); }
  void fields(FieldVisitor& visitor) override {
    visitor.field("axis", options_.axis);
    visitor.field("epsilon", options_.epsilon);
    visitor.field("center", options_.center);
    visitor.field("scale", options_.scale);
    visitor.field("rms_scaling", options_.rms_scaling);
    visitor.field("beta_initializer", options_.beta_initializer);
    visitor.field("gamma_initializer", options_.gamma_initializer);
    visitor.field("beta_regularizer", options_.beta_regularizer);
    visitor.field("gamma_regularizer", options_.gamma_regularizer);
    visitor.field("beta_constraint", options_.beta_constraint);
    visitor.field("gamma_constraint", options_.gamma_constraint);
  }
  void validate() const override {
    if (options_.epsilon > 0.0 && !options_.axis.empty()) return;
    throw Error(fmt::format("{}: it needs an axis and a positive epsilon, got {} axes and {}",
                            described(), options_.axis.size(), options_.epsilon));
  }
  bool causal() const override { return options_.axis == std::vector<std::int64_t>{-1}; }
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
  bool has_beta() const { return options_.center && !options_.rms_scaling; }
  bool has_gamma() const { return options_.scale || options_.rms_scaling; }

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

  // Of a weight: the extents in the order of the axes as they were given, negative ones first,
  // which is how Keras sorts them; the numbers are in the order of the input all the same.
  Shape weight_shape(const Shape& x) const {
    std::vector<std::int64_t> sorted = options_.axis;
    std::sort(sorted.begin(), sorted.end());
    axes_of(x);
    Shape shape;
    for (const std::int64_t axis : sorted) shape.append(x[static_cast<int>(axis)]);
    if (shape.is_known() || (!has_gamma() && !has_beta())) return shape;
    throw Error(fmt::format("{} has a weight for each place along its axes, and these must be "
                            "known; input is {}",
                            described(), x.to_string()),
                "leave the weights out: scale = false, center = false");
  }

  void build_weights(std::span<const Shape> inputs) override {
    const Shape shape = weight_shape(inputs[0]);
    if (has_gamma()) {
      add_weight(
          "gamma", shape,
          {options_.gamma_initializer, options_.gamma_regularizer, options_.gamma_constraint});
    }
    if (has_beta()) {
      add_weight("beta", shape,
                 {options_.beta_initializer, options_.beta_regularizer, options_.beta_constraint});
    }
  }

  const Parameter* gamma() const { return has_gamma() ? &parameters_[0] : nullptr; }
  const Parameter* beta() const {
    return has_beta() ? &parameters_[has_gamma() ? 1U : 0U] : nullptr;
  }

  // The numbers of a line one after another: where they are, or copied into `room`.
  template <class Real>
  static const Real* gathered(const Lines& lines, const Real* all, std::int64_t row, Real* room) {
    const Real* from = all + lines.begin(row);
    if (room == nullptr) return from;
    for (std::int64_t i = 0; i < lines.length(); ++i) room[i] = from[lines.offset(i)];
    return room;
  }

  template <class Real>
  void run_forward(Pass& pass, Call& call) const {
    const TensorView x = call.inputs[0].data;
    const Lines lines(x.shape(), axes_of(x.shape()));
    const std::int64_t width = lines.length();
    const std::int64_t rows = lines.count();
    const TensorView y = pass.arena.tensor(x.shape(), dtype());
    const TensorView means = pass.arena.tensor({rows}, dtype());
    const TensorView factors = pass.arena.tensor({rows}, dtype());
    const Real* gain = gamma() != nullptr ? gamma()->value.as<Real>() : nullptr;
    const Real* offset = beta() != nullptr ? beta()->value.as<Real>() : nullptr;
    Real* line = lines.side_by_side() ? nullptr : pass.arena.array<Real>(width);
    for (std::int64_t row = 0; row < rows; ++row) {
      const Real* from = gathered(lines, x.as<Real>(), row, line);
      Real* to = y.as<Real>() + lines.begin(row);
      const auto count = static_cast<double>(width);
      const double mean =
          sum_of(width, [&](std::int64_t i) { return static_cast<double>(from[i]); }) / count;
      const double variance = sum_of(width,
                                     [&](std::int64_t i) {
                                       const double away = static_cast<double>(from[i]) - mean;
                                       return away * away;
                                     }) /
                              count;
      const auto factor = static_cast<Real>(1.0 / std::sqrt(variance + options_.epsilon));
      const auto centre = static_cast<Real>(mean);
      const Real subtracted = options_.rms_scaling ? Real{0} : centre;
      means.as<Real>()[row] = centre;
      factors.as<Real>()[row] = factor;
      for (std::int64_t i = 0; i < width; ++i) {
        Real value = (from[i] - subtracted) * factor;
        if (gain != nullptr) value *= gain[i];
        if (offset != nullptr) value += offset[i];
        to[lines.offset(i)] = value;
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
    const Lines lines(x.shape(), axes_of(x.shape()));
    const std::int64_t width = lines.length();
    const std::int64_t rows = lines.count();
    Real* x_line = lines.side_by_side() ? nullptr : pass.arena.array<Real>(width);
    Real* dy_line = lines.side_by_side() ? nullptr : pass.arena.array<Real>(width);
    if (gradient.wanted[0]) gradient.inputs[0] = pass.arena.tensor(x.shape(), dtype());
    const Real* gain = gamma() != nullptr ? gamma()->value.as<Real>() : nullptr;
    Real* d_gain = trainable() && gamma() != nullptr ? gamma()->gradient.as<Real>() : nullptr;
    Real* d_offset = trainable() && beta() != nullptr ? beta()->gradient.as<Real>() : nullptr;
    Real* flow = pass.arena.array<Real>(width);  // dLoss/d normalized
    for (std::int64_t row = 0; row < rows; ++row) {
      const Real* from = gathered(lines, x.as<Real>(), row, x_line);
      const Real* dout = gathered(lines, dy.as<Real>(), row, dy_line);
      const Real mean = (*call.tape)[mean_place].template as<Real>()[row];
      const Real factor = (*call.tape)[factor_place].template as<Real>()[row];
      const Real subtracted = options_.rms_scaling ? Real{0} : mean;
      for (std::int64_t i = 0; i < width; ++i) {
        flow[i] = gain != nullptr ? dout[i] * gain[i] : dout[i];
        if (d_gain != nullptr) d_gain[i] += dout[i] * (from[i] - subtracted) * factor;
        if (d_offset != nullptr) d_offset[i] += dout[i];
      }
      if (!gradient.wanted[0]) continue;
      Real* dx = gradient.inputs[0].template as<Real>() + lines.begin(row);
      const auto count = static_cast<double>(width);
      const double along = sum_of(width, [&](std::int64_t i) {
        return static_cast<double>(flow[i]) * static_cast<double>(from[i] - subtracted);
      });
      const double mean_flow = options_.rms_scaling ? 0.0 : sum_of(width, [&](std::int64_t i) {
                                                              return static_cast<double>(flow[i]);
                                                            }) / count;
      const double of_variance = -along * std::pow(static_cast<double>(factor), 3.0) / count;
      for (std::int64_t i = 0; i < width; ++i) {
        dx[lines.offset(i)] = (flow[i] - static_cast<Real>(mean_flow)) * factor +
                              static_cast<Real>(of_variance) * (from[i] - mean);
      }
    }
  }

  layers::LayerNormalizationOptions options_;
};

}  // namespace

LayerPtr layers::LayerNormalization(const LayerNormalizationOptions& options) {
  return make_valid<LayerNormalizationLayer>(options);
}
LayerPtr make_layer_normalization() {
  return std::make_shared<LayerNormalizationLayer>(layers::LayerNormalizationOptions{});
}

}  // namespace chronicler
