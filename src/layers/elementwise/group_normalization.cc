#include "chronicler/layers/group_normalization.h"

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/dispatch.h"
#include "layers/core/layer_with.h"
#include "layers/elementwise/normalized_lines.h"

namespace chronicler {
namespace {

// An input with its features' axis divided in groups.
struct Grouped {
  Lines lines;            // one for each sample and group
  std::int64_t groups;    // lines of a sample
  std::int64_t features;  // of a group
  std::int64_t inner;     // numbers of a feature that lie one after another

  std::int64_t weight_of(std::int64_t line, std::int64_t i) const {
    return line % groups * features + i / inner % features;
  }
};

class GroupNormalizationLayer final
    : public LayerWith<GroupNormalizationLayer, layers::GroupNormalizationOptions, ScaledLayer> {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "GroupNormalization"; }
  void validate() const override {
    LayerWith::validate();
    if (options_.groups != 0) return;
    throw Error(
        fmt::format("{}: groups must be at least 1, or -1 for one a feature, got 0", described()));
  }
  bool causal() const override { return built() && build_shapes()[0].rank() == 2; }
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return {inputs[0]};
  }

  void check_inputs(std::span<const Value> inputs) const override {
    Layer::check_inputs(inputs);
    const Shape& x = inputs[0].data.shape();
    if (x.rank() == build_shapes()[0].rank() && x[axis_of(x)] == features_of(build_shapes()[0])) {
      return;
    }
    throw Error(fmt::format("{} was built for {}, input is {}", described(),
                            build_shapes()[0].to_string(), x.to_string()));
  }

  void forward(Pass& pass, Call& call) const override {
    const TensorView x = call.inputs[0].data;
    const Grouped grouped = group(x.shape());
    with_real(dtype(), [&](auto real) {
      const TensorView y = normalize_lines<decltype(real)>(
          pass, x, grouped.lines, rule(), weights(),
          [&](std::int64_t line, std::int64_t i) { return grouped.weight_of(line, i); }, call.tape);
      call.outputs[0] = {y, call.inputs[0].mask};
    });
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    const TensorView x = call.inputs[0].data;
    const Grouped grouped = group(x.shape());
    with_real(dtype(), [&](auto real) {
      gradient.inputs[0] = normalize_lines_back<decltype(real)>(
          pass, x, gradient.outputs[0], grouped.lines, rule(), weights(), trainable(),
          [&](std::int64_t line, std::int64_t i) { return grouped.weight_of(line, i); }, *call.tape,
          gradient.wanted[0]);
    });
  }

 private:
  LineRule rule() const { return {.epsilon = options_.epsilon}; }
  LineWeights weights() const {
    return {options_.scale ? &parameters_[0] : nullptr,
            options_.center ? &parameters_[options_.scale ? 1U : 0U] : nullptr};
  }

  int axis_of(const Shape& x) const {
    named_axes([this] { return described(); }, std::span(&options_.axis, 1), x);
    return static_cast<int>(options_.axis < 0 ? options_.axis + x.rank() : options_.axis);
  }
  std::int64_t features_of(const Shape& x) const { return x[axis_of(x)]; }
  std::int64_t groups_of(std::int64_t features) const {
    return options_.groups == -1 ? features : options_.groups;
  }

  Grouped group(const Shape& x) const {
    const int axis = axis_of(x);
    const std::int64_t groups = groups_of(x[axis]);
    Shape divided;
    AxisSet across;  // batch and group
    across.add(0);
    across.add(axis);
    std::int64_t inner = 1;
    for (int i = 0; i < x.rank(); ++i) {
      if (i == axis) divided.append(groups);
      divided.append(i == axis ? x[i] / groups : x[i]);
      if (i > axis) inner *= x[i];
    }
    return {{divided, across.others(divided.rank())}, groups, x[axis] / groups, inner};
  }

  void build_weights(std::span<const Shape> inputs) override {
    const Shape& x = inputs[0];
    const std::int64_t features = features_of(x);
    if (x.rank() >= Shape::max_rank || features <= 0 || features % groups_of(features) != 0) {
      throw Error(
          fmt::format("{}: axis {} of {} must be a known number of features that divides "
                      "into {} groups",
                      described(), options_.axis, x.to_string(), options_.groups));
    }
    add_gamma_and_beta(options_, {features}, options_.scale, options_.center);
  }
};

}  // namespace

LayerPtr layers::GroupNormalization(const GroupNormalizationOptions& options) {
  return make_valid<GroupNormalizationLayer>(options);
}

}  // namespace chronicler
