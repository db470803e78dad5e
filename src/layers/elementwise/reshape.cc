#include "chronicler/layers/reshape.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/dispatch.h"
#include "layers/core/layer_with.h"

namespace chronicler {
namespace {

class ReshapeLayer final : public LayerWith<ReshapeLayer, layers::ReshapeOptions> {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "Reshape"; }
  void validate() const override {
    LayerWith::validate();
    const auto& target = options_.target_shape;
    const bool fits = std::count(target.begin(), target.end(), -1) <= 1 &&
                      std::all_of(target.begin(), target.end(),
                                  [](std::int64_t extent) { return extent == -1 || extent > 0; });
    if (fits) return;
    throw Error(
        fmt::format("{}: target_shape holds positive extents, and -1 at most once", described()));
  }
  bool supports_masking() const override { return false; }
  bool causal() const override { return false; }

  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return {target_for(inputs[0])};
  }
  void forward(Pass& /*pass*/, Call& call) const override {
    const TensorView& x = call.inputs[0].data;
    call.outputs[0] = {x.reshaped(target_for(x.shape())), {}};
  }
  void backward(Pass& /*pass*/, const Call& call, CallGradient& gradient) const override {
    if (gradient.wanted[0])
      gradient.inputs[0] = gradient.outputs[0].reshaped(call.inputs[0].data.shape());
  }

 private:
  Shape target_for(const Shape& x) const {
    const Shape sample = x.without_front();
    Shape target{x[0]};
    std::int64_t known = 1;
    for (const std::int64_t extent : options_.target_shape) {
      target.append(extent);
      if (extent != -1) known *= extent;
    }
    const bool open =
        std::count(options_.target_shape.begin(), options_.target_shape.end(), -1) > 0;
    if (!sample.is_known()) return target;  // -1 is None
    const std::int64_t size = sample.elements();
    if (open ? size % known != 0 : size != known) {
      throw Error(fmt::format("{}: {} numbers a sample do not fill {}", described(), size,
                              target.without_front().to_string()),
                  fmt::format("its input is {}", x.to_string()));
    }
    for (int axis = 1; axis < target.rank(); ++axis) {
      if (target[axis] == None) target.set(axis, size / known);
    }
    return target;
  }
};

class PermuteLayer final : public LayerWith<PermuteLayer, layers::PermuteOptions> {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "Permute"; }
  void validate() const override {
    LayerWith::validate();
    std::vector<std::int64_t> sorted = options_.dims;
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      if (sorted[i] == static_cast<std::int64_t>(i) + 1) continue;
      throw Error(
          fmt::format("{}: dims must hold each of 1 to {} once", described(), sorted.size()));
    }
  }
  bool supports_masking() const override { return false; }
  bool causal() const override { return false; }
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return {permuted(inputs[0])};
  }
  void check_inputs(std::span<const Value> inputs) const override {
    Layer::check_inputs(inputs);
    check_rank(inputs[0].data.shape());
  }
  void forward(Pass& pass, Call& call) const override {
    const TensorView& x = call.inputs[0].data;
    const TensorView y = pass.arena.tensor(permuted(x.shape()), dtype());
    move(x, y, false);
    call.outputs[0] = {y, {}};
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    if (!gradient.wanted[0]) return;
    gradient.inputs[0] = pass.arena.tensor(call.inputs[0].data.shape(), dtype());
    move(gradient.inputs[0], gradient.outputs[0], true);
  }

 private:
  void build_weights(std::span<const Shape> inputs) override { check_rank(inputs[0]); }
  Shape permuted(const Shape& x) const {
    Shape shape{x[0]};
    for (const std::int64_t axis : options_.dims) shape.append(x[static_cast<int>(axis)]);
    return shape;
  }
  void check_rank(const Shape& x) const {
    if (x.rank() == static_cast<int>(options_.dims.size()) + 1) return;
    throw Error(fmt::format("{} has {} dims, its input {} axes after the batch", described(),
                            options_.dims.size(), x.rank() - 1));
  }

  // Copies between a tensor in the order of the input and one in the order of the output.
  void move(const TensorView& x, const TensorView& y, bool to_input) const {
    const int rank = x.shape().rank();
    std::array<std::int64_t, Shape::max_rank> strides{};  // of x, for each axis of y
    for (int axis = 0; axis < rank; ++axis) {
      const int source =
          axis == 0 ? 0 : static_cast<int>(options_.dims[static_cast<std::size_t>(axis - 1)]);
      std::int64_t stride = 1;
      for (int i = source + 1; i < rank; ++i) stride *= x.shape()[i];
      strides[static_cast<std::size_t>(axis)] = stride;
    }
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      for (std::int64_t i = 0; i < y.size(); ++i) {
        std::int64_t rest = i;
        std::int64_t place = 0;
        for (int axis = rank - 1; axis >= 0; --axis) {
          place += rest % y.shape()[axis] * strides[static_cast<std::size_t>(axis)];
          rest /= y.shape()[axis];
        }
        if (to_input) {
          x.as<Real>()[place] = y.as<Real>()[i];
        } else {
          y.as<Real>()[i] = x.as<Real>()[place];
        }
      }
    });
  }
};

class RepeatVectorLayer final : public LayerWith<RepeatVectorLayer, layers::RepeatVectorOptions> {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "RepeatVector"; }
  bool supports_masking() const override { return false; }
  bool causal() const override { return false; }
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return {{inputs[0][0], options_.n, inputs[0][1]}};
  }
  void check_inputs(std::span<const Value> inputs) const override {
    Layer::check_inputs(inputs);
    check_rank(inputs[0].data.shape());
  }
  void forward(Pass& pass, Call& call) const override {
    const TensorView& x = call.inputs[0].data;
    const std::int64_t width = x.shape()[1];
    const TensorView y = pass.arena.tensor({x.shape()[0], options_.n, width}, dtype());
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      for (std::int64_t i = 0; i < x.shape()[0] * options_.n; ++i)
        std::copy_n(x.as<Real>() + i / options_.n * width, width, y.as<Real>() + i * width);
    });
    call.outputs[0] = {y, {}};
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    if (!gradient.wanted[0]) return;
    const Shape& x = call.inputs[0].data.shape();
    const TensorView dx = gradient.inputs[0] = pass.arena.zeros(x, dtype());
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      const Real* dy = gradient.outputs[0].as<Real>();
      for (std::int64_t i = 0; i < x[0] * options_.n; ++i) {
        Real* row = dx.as<Real>() + i / options_.n * x[1];
        for (std::int64_t k = 0; k < x[1]; ++k) row[k] += dy[i * x[1] + k];
      }
    });
  }

 private:
  void build_weights(std::span<const Shape> inputs) override { check_rank(inputs[0]); }
  void check_rank(const Shape& x) const {
    if (x.rank() == 2) return;
    throw Error(fmt::format("{} needs input (batch, features), got {}", described(), x.to_string()),
                "set return_sequences=false on the layer before it");
  }
};

}  // namespace

LayerPtr layers::Reshape(const ReshapeOptions& options) {
  return make_valid<ReshapeLayer>(options);
}
LayerPtr layers::Permute(const PermuteOptions& options) {
  return make_valid<PermuteLayer>(options);
}
LayerPtr layers::RepeatVector(const RepeatVectorOptions& options) {
  return make_valid<RepeatVectorLayer>(options);
}
LayerPtr layers::RepeatVector(std::int64_t n) {
  return layers::RepeatVector(RepeatVectorOptions{.n = n});
}

}  // namespace chronicler
