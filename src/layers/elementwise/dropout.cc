#include "chronicler/layers/dropout.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "kernels/dropout.h"
#include "layers/core/dispatch.h"
#include "layers/core/layer_with.h"
#include "layers/core/step.h"

namespace chronicler {
namespace {

// What the layers of this file share: which numbers are dropped.
template <class Derived, class Options>
class DroppingLayer : public LayerWith<Derived, Options> {
 public:
  using Base = LayerWith<Derived, Options>;
  using Base::Base;
  using Base::described;
  using Base::dtype;

  std::uint64_t* seed_place() override { return &drawn_seed_; }

  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return {inputs[0]};
  }

  std::unique_ptr<LayerStep> make_step(State& /*state*/) const override {
    if (dtype() != DType::float32 || !this->built()) return nullptr;
    return std::make_unique<Step>(this->build_shapes()[0][-1]);
  }

  bool passes_on(bool training) const override { return !(training && options_.rate > 0.0); }

 protected:
  using Base::options_;
  bool is_active(const Pass& pass) const { return pass.training && options_.rate > 0.0; }
  double rate() const { return options_.rate; }

  // finish(dropped or 1 / (1 - rate) times as much, factor), for each number. The same factors
  // forwards and backwards: they follow from seed, step and place.
  template <class Finish>
  TensorView drop(Pass& pass, const TensorView& from, const Finish& finish) const {
    if (options_.noise_shape.rank() > 0) return drop_together(pass, from, finish);
    const TensorView to = pass.arena.tensor(from.shape(), dtype());
    // In pieces, whose factors stay in the first-level cache; each thread draws its own.
    constexpr std::int64_t piece = 1024;
    const std::int64_t count = from.size();
    const std::int64_t pieces = (count + piece - 1) / piece;
    const std::int64_t tasks = pieces < 8 ? 1 : pass.runtime.threads();
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      pass.runtime.parallel(tasks, [&](std::int64_t task) {
        std::array<Real, piece> factors;
        for (std::int64_t i = pieces * task / tasks; i < pieces * (task + 1) / tasks; ++i) {
          const std::int64_t begin = i * piece;
          const auto size = static_cast<std::size_t>(std::min(piece, count - begin));
          kernels::dropout_factors(random(), pass.step, static_cast<std::uint64_t>(begin),
                                   options_.rate, std::span(factors.data(), size));
          Real* out = to.as<Real>() + begin;
          kernels::apply_dropout(std::span<const Real>(factors.data(), size),
                                 from.as<Real>() + begin, out);
          for (std::size_t k = 0; k < size; ++k) out[k] = finish(out[k], factors[k]);
        }
      });
    });
    return to;
  }

 private:
  // A stream does not train: nothing is dropped.
  class Step final : public LayerStep {
   public:
    explicit Step(std::int64_t size) : size_(size) {}
    std::int64_t outputs() const override { return size_; }
    const float* step(const float* x) noexcept override { return x; }

   private:
    std::int64_t size_;
  };

  // Where number i is among the draws: axes of 1 in noise_shape share one.
  std::int64_t draw_of(const Shape& x, std::int64_t i) const {
    std::int64_t draw = 0;
    std::int64_t stride = 1;
    for (int axis = x.rank() - 1; axis >= 0; --axis) {
      const bool shared = options_.noise_shape[axis] == 1;
      if (!shared) draw += i % x[axis] * stride;
      stride *= shared ? 1 : x[axis];
      i /= x[axis];
    }
    return draw;
  }
  void check_noise_shape(const Shape& x) const {
    bool fits = options_.noise_shape.rank() == x.rank();
    for (int axis = 0; fits && axis < x.rank(); ++axis) {
      const std::int64_t extent = options_.noise_shape[axis];
      fits = extent == None || extent == 1 || extent == x[axis] || x[axis] == None;
    }
    if (fits) return;
    throw Error(fmt::format("{}: noise_shape {} does not fit {}", described(),
                            options_.noise_shape.to_string(), x.to_string()),
                "each extent is the input's, null, or 1 where all share a draw");
  }
  template <class Finish>
  TensorView drop_together(Pass& pass, const TensorView& from, const Finish& finish) const {
    check_noise_shape(from.shape());
    const TensorView to = pass.arena.tensor(from.shape(), dtype());
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      const std::int64_t count = from.size() == 0 ? 0 : draw_of(from.shape(), from.size() - 1) + 1;
      Real* factors = pass.arena.array<Real>(count);
      kernels::dropout_factors(random(), pass.step, 0, options_.rate,
                               std::span(factors, static_cast<std::size_t>(count)));
      for (std::int64_t i = 0; i < from.size(); ++i) {
        const Real factor = factors[draw_of(from.shape(), i)];
        to.as<Real>()[i] = finish(from.as<Real>()[i] * factor, factor);
      }
    });
    return to;
  }
  void build_weights(std::span<const Shape> inputs) override {
    if (options_.noise_shape.rank() > 0) check_noise_shape(inputs[0]);
  }

  Random random() const {
    return Random(options_.seed ? static_cast<std::uint64_t>(*options_.seed) : drawn_seed_);
  }

  std::uint64_t drawn_seed_ = next_seed();  // unless the options give one
};

class DropoutLayer final : public DroppingLayer<DropoutLayer, layers::DropoutOptions> {
 public:
  using DroppingLayer::DroppingLayer;

  std::string_view class_name() const override { return "Dropout"; }
  void forward(Pass& pass, Call& call) const override {
    call.outputs[0] = call.inputs[0];
    if (is_active(pass)) call.outputs[0].data = scaled(pass, call.inputs[0].data);
  }
  void backward(Pass& pass, const Call& /*call*/, CallGradient& gradient) const override {
    if (!gradient.wanted[0]) return;
    gradient.inputs[0] = is_active(pass) ? scaled(pass, gradient.outputs[0]) : gradient.outputs[0];
  }

 private:
  TensorView scaled(Pass& pass, const TensorView& from) const {
    return drop(pass, from, [](auto value, auto /*factor*/) { return value; });
  }
};

class AlphaDropoutLayer final
    : public DroppingLayer<AlphaDropoutLayer, layers::AlphaDropoutOptions> {
 public:
  using DroppingLayer::DroppingLayer;

  std::string_view class_name() const override { return "AlphaDropout"; }
  void forward(Pass& pass, Call& call) const override {
    call.outputs[0] = call.inputs[0];
    if (!is_active(pass)) return;
    const double kept = -slope() * lowest * rate();
    const double dropped = kept + slope() * lowest;
    const double factor = slope() * (1.0 - rate());
    call.outputs[0].data = drop(pass, call.inputs[0].data, [=](auto value, auto is_kept) {
      using Real = decltype(value);
      return value * static_cast<Real>(factor) + static_cast<Real>(is_kept > 0 ? kept : dropped);
    });
  }
  void backward(Pass& pass, const Call& /*call*/, CallGradient& gradient) const override {
    if (!gradient.wanted[0]) return;
    gradient.inputs[0] = gradient.outputs[0];
    if (!is_active(pass)) return;
    const double factor = slope() * (1.0 - rate());
    gradient.inputs[0] = drop(pass, gradient.outputs[0], [=](auto value, auto /*factor*/) {
      return value * static_cast<decltype(value)>(factor);
    });
  }

 private:
  // Of selu, to which it goes far below 0.
  static constexpr double lowest =
      -1.6732632423543772848170429916717 * 1.0507009873554804934193349852946;
  double slope() const {
    return 1.0 / std::sqrt((1.0 - rate()) * (1.0 + rate() * lowest * lowest));
  }
};

}  // namespace

LayerPtr layers::Dropout(const DropoutOptions& options) {
  return make_valid<DropoutLayer>(options);
}
LayerPtr layers::AlphaDropout(const AlphaDropoutOptions& options) {
  return make_valid<AlphaDropoutLayer>(options);
}

}  // namespace chronicler
