#include "chronicler/layers/dot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/dispatch.h"
#include "layers/core/layer_with.h"

namespace chronicler {
namespace {

// A tensor as batch x before x along x after, where `along` is the axis that is summed over.
struct Around {
  std::int64_t before = 1;
  std::int64_t along = 1;
  std::int64_t after = 1;
  std::int64_t free() const { return before * after; }
  std::int64_t size() const { return before * along * after; }
  // Of free place i, number k along the axis.
  std::int64_t at(std::int64_t i, std::int64_t k) const {
    return (i / after * along + k) * after + i % after;
  }
};

// The tape's places: what is multiplied, of length 1 if that was asked for.
constexpr int vectors_place = 0;

class DotLayer final : public LayerWith<DotLayer, layers::DotOptions> {
 public:
  explicit DotLayer(const layers::DotOptions& options) : LayerWith(options) { double_axis(); }
  std::string_view class_name() const override { return "Dot"; }
  void fields(FieldVisitor& visitor) override {
    LayerWith::fields(visitor);
    double_axis();
  }
  bool causal() const override { return false; }

  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return {product(inputs[0], inputs[1])};
  }
  void check_inputs(std::span<const Value> inputs) const override {
    if (inputs.size() == 2)
      check_pair(inputs[0].data.shape(), inputs[1].data.shape());
    else
      throw Error(fmt::format("{} takes two inputs, got {}", described(), inputs.size()));
  }

  void forward(Pass& pass, Call& call) const override {
    with_real(dtype(), [&](auto real) { run_forward<decltype(real)>(pass, call); });
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    with_real(dtype(), [&](auto real) { run_backward<decltype(real)>(pass, call, gradient); });
  }

 private:
  // One axis is that of both inputs; Keras reads no list of one.
  void double_axis() {
    if (options_.axes.size() == 1) options_.axes.push_back(options_.axes.front());
  }
  void build_weights(std::span<const Shape> inputs) override {
    if (inputs.size() != 2)
      throw Error(fmt::format("{} takes two inputs, got {}", described(), inputs.size()));
    check_pair(inputs[0], inputs[1]);
  }
  Shape product(const Shape& a, const Shape& b) const {
    Shape result{a[0]};
    for (const auto& [shape, contracted] :
         {std::pair(&a, axis_of(a, 0)), std::pair(&b, axis_of(b, 1))}) {
      for (int axis = 1; axis < shape->rank(); ++axis) {
        if (axis != contracted) result.append((*shape)[axis]);
      }
    }
    if (result.rank() == 1) result.append(1);
    return result;
  }
  int axis_of(const Shape& shape, std::size_t input) const {
    const std::int64_t given = options_.axes[input];
    const std::int64_t axis = given < 0 ? given + shape.rank() : given;
    if (axis >= 1 && axis < shape.rank()) return static_cast<int>(axis);
    throw Error(fmt::format("{}: there is no axis {} in {}", described(), given, shape.to_string()),
                "axes are counted from the batch, 0, which stays");
  }
  void check_pair(const Shape& a, const Shape& b) const {
    const std::int64_t one = a[axis_of(a, 0)];
    const std::int64_t other = b[axis_of(b, 1)];
    if (one == other || one == None || other == None) return;
    throw Error(fmt::format("{}: {} and {} differ along the axes that are summed over", described(),
                            a.to_string(), b.to_string()));
  }
  Around around(const Shape& shape, std::size_t input) const {
    const int axis = axis_of(shape, input);
    Around result{.along = shape[axis]};
    for (int i = 1; i < axis; ++i) result.before *= shape[i];
    for (int i = axis + 1; i < shape.rank(); ++i) result.after *= shape[i];
    return result;
  }

  static constexpr double smallest = 1e-12;  // of a squared length

  template <class Real>
  TensorView vectors(Pass& pass, const TensorView& x, const Around& size) const {
    if (!options_.normalize) return x;
    const TensorView y = pass.arena.tensor(x.shape(), dtype());
    for (std::int64_t row = 0; row < x.shape()[0]; ++row) {
      const Real* from = x.as<Real>() + row * size.size();
      Real* to = y.as<Real>() + row * size.size();
      for (std::int64_t i = 0; i < size.free(); ++i) {
        const Real length = length_of(from, size, i);
        for (std::int64_t k = 0; k < size.along; ++k)
          to[size.at(i, k)] = from[size.at(i, k)] / length;
      }
    }
    return y;
  }
  template <class Real>
  static Real length_of(const Real* from, const Around& size, std::int64_t i) {
    Real sum{0};
    for (std::int64_t k = 0; k < size.along; ++k) sum += from[size.at(i, k)] * from[size.at(i, k)];
    return std::sqrt(std::max(sum, static_cast<Real>(smallest)));
  }

  template <class Real>
  void run_forward(Pass& pass, Call& call) const {
    const TensorView& a = call.inputs[0].data;
    const TensorView& b = call.inputs[1].data;
    const Around left = around(a.shape(), 0);
    const Around right = around(b.shape(), 1);
    const TensorView x = vectors<Real>(pass, a, left);
    const TensorView z = vectors<Real>(pass, b, right);
    const TensorView y = pass.arena.tensor(product(a.shape(), b.shape()), dtype());
    for (std::int64_t row = 0; row < a.shape()[0]; ++row) {
      const Real* one = x.as<Real>() + row * left.size();
      const Real* other = z.as<Real>() + row * right.size();
      Real* to = y.as<Real>() + row * left.free() * right.free();
      for (std::int64_t i = 0; i < left.free(); ++i) {
        for (std::int64_t j = 0; j < right.free(); ++j) {
          Real sum{0};
          for (std::int64_t k = 0; k < left.along; ++k)
            sum += one[left.at(i, k)] * other[right.at(j, k)];
          to[i * right.free() + j] = sum;
        }
      }
    }
    call.outputs[0] = {y, {}};
    if (call.tape == nullptr) return;
    (*call.tape)[vectors_place] = x;
    (*call.tape)[vectors_place + 1] = z;
  }

  template <class Real>
  void run_backward(Pass& pass, const Call& call, CallGradient& gradient) const {
    const std::array<Around, 2> size{around(call.inputs[0].data.shape(), 0),
                                     around(call.inputs[1].data.shape(), 1)};
    for (std::size_t side = 0; side < 2; ++side) {
      if (!gradient.wanted[side]) continue;
      const TensorView& other = (*call.tape)[side == 0 ? vectors_place + 1 : vectors_place];
      const Shape& shape = call.inputs[side].data.shape();
      const TensorView d = gradient.inputs[side] = pass.arena.zeros(shape, dtype());
      const Around& own = size[side];
      const Around& across = size[1 - side];
      for (std::int64_t row = 0; row < shape[0]; ++row) {
        Real* to = d.as<Real>() + row * own.size();
        const Real* from = other.as<Real>() + row * across.size();
        const Real* dy = gradient.outputs[0].as<Real>() + row * own.free() * across.free();
        for (std::int64_t i = 0; i < own.free(); ++i) {
          for (std::int64_t j = 0; j < across.free(); ++j) {
            const Real flow = side == 0 ? dy[i * across.free() + j] : dy[j * own.free() + i];
            for (std::int64_t k = 0; k < own.along; ++k)
              to[own.at(i, k)] += flow * from[across.at(j, k)];
          }
        }
        if (options_.normalize) {
          const int place = vectors_place + static_cast<int>(side);
          through_length(call.inputs[side].data.as<Real>() + row * own.size(),
                         (*call.tape)[place].template as<Real>() + row * own.size(), own, to);
        }
      }
    }
  }

  // dLoss/d(x / |x|) to dLoss/dx, in place.
  template <class Real>
  static void through_length(const Real* x, const Real* unit, const Around& size, Real* flow) {
    for (std::int64_t i = 0; i < size.free(); ++i) {
      const Real length = length_of(x, size, i);
      Real along{0};
      for (std::int64_t k = 0; k < size.along; ++k)
        along += flow[size.at(i, k)] * unit[size.at(i, k)];
      for (std::int64_t k = 0; k < size.along; ++k) {
        Real& here = flow[size.at(i, k)];
        here = (here - along * unit[size.at(i, k)]) / length;
      }
    }
  }
};

}  // namespace

LayerPtr layers::Dot(const DotOptions& options) { return make_valid<DotLayer>(options); }

}  // namespace chronicler
