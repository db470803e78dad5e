#include "chronicler/layers/dense.h"

#include <algorithm>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "kernels/gemm.h"
#include "layers/core/dispatch.h"
#include "layers/core/kernel_activation.h"
#include "layers/core/layer_with.h"
#include "layers/core/logits.h"
#include "layers/core/step.h"

namespace chronicler {
namespace {

using kernels::Start;

// The tape's places.
constexpr int preactivation_place = 0;

// Rows of one task: small enough to share, large enough for a tile; results do not depend on it.
constexpr std::int64_t rows_per_task = 64;
constexpr std::int64_t columns_per_task = 64;

class DenseLayer final : public LayerWith<DenseLayer, layers::DenseOptions> {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "Dense"; }

  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    Shape shape = inputs[0];
    shape.set(-1, options_.units);
    return {shape};
  }

  void check_inputs(std::span<const Value> inputs) const override {
    Layer::check_inputs(inputs);
    const Shape& x = inputs[0].data.shape();
    const std::int64_t features = parameters_[0].value.shape()[0];
    if (x.rank() >= 2 && x[-1] == features) return;
    throw Error(fmt::format("{}: its kernel was built for {} features, input is {}", described(),
                            features, x.to_string()),
                "the last axis must have as many features as at the first call");
  }

  std::unique_ptr<LayerStep> make_step(State& /*state*/) const override {
    if (dtype() != DType::float32) return nullptr;
    if (is_one_column()) return std::make_unique<OneUnitStep>(*this);
    return std::make_unique<Step>(*this);
  }

  void forward(Pass& pass, Call& call) const override {
    with_real(dtype(), [&](auto real) { run_forward<decltype(real)>(pass, call); });
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    with_real(dtype(), [&](auto real) { run_backward<decltype(real)>(pass, call, gradient); });
  }

 private:
  // Below sixteen features gemm's one chain is no slower than gemv's sixteen and their sum.
  bool is_one_column() const {
    return options_.units == 1 && parameters_[0].value.shape()[0] >= 16;
  }

  class Step final : public LayerStep {
   public:
    explicit Step(const DenseLayer& layer)
        : layer_(layer), activation_(kernel_activation(layer.options_.activation)) {
      Step::take_weights();
      sums_.resize(static_cast<std::size_t>(weights_.columns()));
    }
    std::int64_t outputs() const override { return layer_.options_.units; }
    const float* step(const float* x) noexcept override {
      kernels::run_step_product(weights_.product(), x, nullptr, sums_.data());
      if (activation_ != kernels::Activation::linear)
        kernels::activate(activation_, 1, outputs(), sums_.data(), sums_.data());
      return sums_.data();
    }
    void take_weights() override {
      const auto& weights = layer_.parameters_;
      weights_.take(weights[0].value, layer_.options_.use_bias ? &weights[1].value : nullptr);
    }
    void use_bfloat16() override {
      weights_.use_bfloat16();
      take_weights();
    }

   private:
    const DenseLayer& layer_;
    kernels::Activation activation_;
    StepWeights weights_;
    std::vector<float> sums_;
  };

  class OneUnitStep final : public LayerStep {
   public:
    explicit OneUnitStep(const DenseLayer& layer)
        : layer_(layer), activation_(kernel_activation(layer.options_.activation)) {
      OneUnitStep::take_weights();
    }
    std::int64_t outputs() const override { return 1; }
    const float* step(const float* x) noexcept override {
      const auto features = static_cast<std::int64_t>(kernel_.size());
      kernels::gemv(1, features, x, features, kernel_.data(), bias_, &y_);
      if (activation_ != kernels::Activation::linear)
        kernels::activate(activation_, 1, 1, &y_, &y_);
      return &y_;
    }
    void take_weights() override {
      const auto& weights = layer_.parameters_;
      const auto* kernel = weights[0].value.as<float>();
      kernel_.assign(kernel, kernel + weights[0].value.size());
      if (layer_.options_.use_bias) bias_ = *weights[1].value.as<float>();
      if (!bfloat16_) return;
      for (float& weight : kernel_) weight = kernels::rounded_to_bfloat16(weight);
    }
    void use_bfloat16() override {
      bfloat16_ = true;
      take_weights();
    }

   private:
    const DenseLayer& layer_;
    kernels::Activation activation_;
    bool bfloat16_ = false;
    std::vector<float> kernel_;
    float bias_ = 0.0F;
    float y_ = 0.0F;
  };

  void build_weights(std::span<const Shape> inputs) override {
    const Shape& x = inputs[0];
    if (x.rank() < 2 || x[-1] <= 0) {
      throw Error(fmt::format("{} needs input (batch, ..., features) with known features, got {}",
                              described(), x.to_string()),
                  "give the data a features axis, or the last axis of input_shape");
    }
    add_weight(
        "kernel", {x[-1], options_.units},
        {options_.kernel_initializer, options_.kernel_regularizer, options_.kernel_constraint});
    if (options_.use_bias) {
      add_weight("bias", {options_.units},
                 {options_.bias_initializer, options_.bias_regularizer, options_.bias_constraint});
    }
  }

  template <class Real>
  void run_forward(Pass& pass, Call& call) const {
    const TensorView x = call.inputs[0].data;
    const std::int64_t features = x.shape()[-1];
    const std::int64_t rows = x.size() / features;
    const std::int64_t units = options_.units;
    Shape shape = x.shape();
    shape.set(-1, units);
    const TensorView y = pass.arena.tensor(shape, dtype());

    const kernels::Activation activation = kernel_activation(options_.activation);
    const bool keep_input = call.tape != nullptr && kernels::needs_input(activation);
    const bool asked = asks_for_logits(call, activation);
    const TensorView z = keep_input || asked ? pass.arena.tensor(shape, dtype()) : y;
    const Real* kernel = parameters_[0].value.as<Real>();
    const Real* bias = options_.use_bias ? parameters_[1].value.as<Real>() : nullptr;
    pass.runtime.parallel((rows + rows_per_task - 1) / rows_per_task, [&](std::int64_t task) {
      const std::int64_t begin = task * rows_per_task;
      const std::int64_t count = std::min(rows - begin, rows_per_task);
      Real* out = z.as<Real>() + begin * units;
      const Real* in = x.as<Real>() + begin * features;
      if (is_one_column()) {
        kernels::gemv(count, features, in, features, kernel, bias != nullptr ? *bias : Real{0},
                      out);
      } else {
        kernels::gemm(count, units, features, in, features, kernel, units, out, units,
                      bias != nullptr ? Start::row : Start::zero, bias);
      }
      kernels::activate(activation, count, units, out, y.as<Real>() + begin * units);
    });
    call.outputs[0] = {y, call.inputs[0].mask};
    if (keep_input) (*call.tape)[preactivation_place] = z;
    if (asked) call.logits[0] = logits_of(activation, z);
  }

  template <class Real>
  void run_backward(Pass& pass, const Call& call, CallGradient& gradient) const {
    const TensorView x = call.inputs[0].data;
    const TensorView y = call.outputs[0].data;
    const std::int64_t features = x.shape()[-1];
    const std::int64_t rows = x.size() / features;
    const std::int64_t units = options_.units;

    const kernels::Activation activation = kernel_activation(options_.activation);
    const TensorView z = (*call.tape)[preactivation_place];
    const Real* dz = slopes_before<Real>(pass, activation, rows, units, z ? z.as<Real>() : nullptr,
                                         y.as<Real>(), gradient);

    if (trainable()) {
      Real* dw = parameters_[0].gradient.as<Real>();
      pass.runtime.parallel((units + columns_per_task - 1) / columns_per_task,
                            [&](std::int64_t task) {
                              const std::int64_t begin = task * columns_per_task;
                              const std::int64_t count = std::min(units - begin, columns_per_task);
                              kernels::gemm_outer(features, count, rows, x.as<Real>(), features,
                                                  dz + begin, units, dw + begin, units);
                            });
      if (options_.use_bias)
        kernels::add_rows(units, rows, dz, units, parameters_[1].gradient.as<Real>());
    }
    if (!gradient.wanted[0]) return;
    gradient.inputs[0] = pass.arena.tensor(x.shape(), dtype());
    Real* transposed = pass.arena.array<Real>(kernels::packed_size<Real>(units, features));
    kernels::pack(units, features, parameters_[0].value.as<Real>(), units, true, transposed);
    pass.runtime.parallel((rows + rows_per_task - 1) / rows_per_task, [&](std::int64_t task) {
      const std::int64_t begin = task * rows_per_task;
      const std::int64_t count = std::min(rows - begin, rows_per_task);
      kernels::gemm_packed(count, features, units, dz + begin * units, units, transposed,
                           gradient.inputs[0].template as<Real>() + begin * features, features,
                           Start::zero);
    });
  }
};

}  // namespace

LayerPtr layers::Dense(const DenseOptions& options) { return make_valid<DenseLayer>(options); }

}  // namespace chronicler
