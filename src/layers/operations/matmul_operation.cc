#include <array>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "kernels/gemm.h"
#include "layers/core/dispatch.h"
#include "layers/core/places.h"
#include "layers/operations/operation_kinds.h"

namespace chronicler {
namespace {

// Matrix products of the last two axes, the axes before them repeated.
class MatmulOperation final : public OperationLayer {
 public:
  using OperationLayer::OperationLayer;
  LayerPtr clone() const override { return clone_of(*this); }
  bool causal() const override { return false; }

  void forward(Pass& pass, Call& call) const override {
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      const Factors<Real> f = factors<Real>(pass, call);
      const TensorView y = pass.arena.tensor(f.result, dtype());
      for (std::int64_t i = 0; i < f.count; ++i) {
        kernels::gemm(f.rows, f.columns, f.inner, f.a_of(i), f.inner, f.b_of(i), f.columns,
                      y.as<Real>() + i * f.rows * f.columns, f.columns, kernels::Start::zero);
      }
      call.outputs[0] = {y, {}};
    });
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      const Factors<Real> f = factors<Real>(pass, call);
      const Real* dy = gradient.outputs[0].as<Real>();
      std::size_t input = 0;
      for (std::size_t k = 0; k < 2; ++k) {
        if (!is_symbol(k)) continue;
        const std::size_t own = input++;
        if (!gradient.wanted[own]) continue;
        gradient.inputs[own] = pass.arena.zeros(call.inputs[own].data.shape(), dtype());
        Real* dx = gradient.inputs[own].template as<Real>();
        for (std::int64_t i = 0; i < f.count; ++i)
          k == 0 ? add_left(f, i, dy, dx) : add_right(f, i, dy, dx);
      }
    });
  }

 private:
  template <class Real>
  struct Factors {
    const Real* a;
    const Real* b;
    Shape a_front;
    Shape b_front;
    Shape front;  // the axes before the matrices
    Shape result;
    std::int64_t count;
    std::int64_t rows;
    std::int64_t inner;
    std::int64_t columns;
    std::int64_t a_place(std::int64_t i) const {
      return place_in(a_front, front, i) * rows * inner;
    }
    std::int64_t b_place(std::int64_t i) const {
      return place_in(b_front, front, i) * inner * columns;
    }
    const Real* a_of(std::int64_t i) const { return a + a_place(i); }
    const Real* b_of(std::int64_t i) const { return b + b_place(i); }
  };

  template <class Real>
  static void add_left(const Factors<Real>& f, std::int64_t i, const Real* dy, Real* dx) {
    const Real* flow = dy + i * f.rows * f.columns;
    for (std::int64_t row = 0; row < f.rows; ++row) {
      for (std::int64_t k = 0; k < f.inner; ++k) {
        Real sum{0};
        for (std::int64_t column = 0; column < f.columns; ++column)
          sum += flow[row * f.columns + column] * f.b_of(i)[k * f.columns + column];
        dx[f.a_place(i) + row * f.inner + k] += sum;
      }
    }
  }
  template <class Real>
  static void add_right(const Factors<Real>& f, std::int64_t i, const Real* dy, Real* dx) {
    const Real* flow = dy + i * f.rows * f.columns;
    for (std::int64_t row = 0; row < f.rows; ++row) {
      for (std::int64_t k = 0; k < f.inner; ++k) {
        for (std::int64_t column = 0; column < f.columns; ++column) {
          dx[f.b_place(i) + k * f.columns + column] +=
              f.a_of(i)[row * f.inner + k] * flow[row * f.columns + column];
        }
      }
    }
  }

  template <class Real>
  Factors<Real> factors(Pass& pass, const Call& call) const {
    std::array<TensorView, most_arguments> x = arguments_of(call);
    for (std::size_t k = 0; k < 2; ++k) {
      const TensorView given = x[k];
      if (given.dtype() == dtype()) continue;
      x[k] = pass.arena.tensor(given.shape(), dtype());
      for (std::int64_t i = 0; i < given.size(); ++i) set_number(x[k], i, number_at(given, i));
    }
    Factors<Real> f{};
    f.a = x[0].as<Real>();
    f.b = x[1].as<Real>();
    f.result = product(x[0].shape(), x[1].shape());
    f.a_front = front_of(x[0].shape());
    f.b_front = front_of(x[1].shape());
    f.front = front_of(f.result);
    f.count = f.front.elements();
    f.rows = x[0].shape()[-2];
    f.inner = x[0].shape()[-1];
    f.columns = x[1].shape()[-1];
    return f;
  }

  static Shape front_of(const Shape& shape) {
    Shape front;
    for (int axis = 0; axis + 2 < shape.rank(); ++axis) front.append(shape[axis]);
    return front;
  }
  Shape product(const Shape& a, const Shape& b) const {
    const auto refuse = [&] {
      throw Error(fmt::format("{}: {} and {} cannot be multiplied as matrices", described(),
                              a.to_string(), b.to_string()));
    };
    if (a.rank() < 2 || b.rank() < 2) refuse();
    if (a[-1] != b[-2] && a[-1] != None && b[-2] != None) refuse();
    const std::optional<Shape> front = shape_of_both(front_of(a), front_of(b));
    if (!front) refuse();
    Shape result = *front;
    result.append(a[-2]);
    result.append(b[-1]);
    return result;
  }
  Shape result_shape(std::span<const Shape> inputs) const override {
    const std::array<Shape, most_arguments> shapes = argument_shapes(inputs);
    return product(shapes[0], shapes[1]);
  }
};

}  // namespace

OperationPtr matmul_operation(const OperationRow& row, const layers::OperationOptions& options) {
  return std::make_shared<MatmulOperation>(row, options);
}

}  // namespace chronicler
