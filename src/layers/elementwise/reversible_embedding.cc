#include "chronicler/layers/reversible_embedding.h"

#include <vector>

#include "kernels/gemm.h"
#include "layers/core/layer_with.h"
#include "layers/elementwise/embedding_layer.h"

namespace chronicler {
namespace {

using kernels::Start;

constexpr std::int64_t rows_per_task = 64;

layers::EmbeddingOptions table_options(const layers::ReversibleEmbeddingOptions& options) {
  return {.input_dim = options.input_dim,
          .output_dim = options.output_dim,
          .embeddings_initializer = options.embeddings_initializer,
          .embeddings_regularizer = options.embeddings_regularizer,
          .activity_regularizer = options.activity_regularizer,
          .embeddings_constraint = options.embeddings_constraint,
          .mask_zero = options.mask_zero,
          .name = options.name,
          .trainable = options.trainable,
          .dtype = options.dtype,
          .input_shape = options.input_shape,
          .batch_size = options.batch_size};
}

class ReversibleEmbeddingLayer final : public EmbeddingLayer {
 public:
  explicit ReversibleEmbeddingLayer(const layers::ReversibleEmbeddingOptions& options)
      : EmbeddingLayer(table_options(options)), reverse_(options) {}

  std::string_view class_name() const override { return "ReversibleEmbedding"; }
  LayerPtr clone() const override { return clone_of(*this); }

  void fields(FieldVisitor& visitor) override {
    visit_options(reverse_, visitor);
    options_ = table_options(reverse_);
  }

  void validate() const override {
    check_options(reverse_, [this] { return described(); });
    if (reverse_.reverse_dtype) dtype_from_name(*reverse_.reverse_dtype);
  }

  std::vector<Shape> call_shapes(std::span<const Shape> inputs,
                                 const CallFlags& flags) const override {
    if (!flags.reverse) return output_shapes(inputs);
    if (inputs[0].rank() < 2 || inputs[0][-1] != options_.output_dim) refuse_vectors(inputs[0]);
    Shape shape = inputs[0];
    shape.set(-1, options_.input_dim);
    return {shape};
  }

  std::unique_ptr<LayerStep> make_call_step(State& state, const CallFlags& flags) const override {
    if (!flags.reverse) return make_step(state);
    if (dtype() != DType::float32) return nullptr;
    return std::make_unique<ReverseStep>(*this);
  }

  // With the way back tied to it the table has a gradient as a whole, which Keras squares so.
  void expect_call(const CallFlags& flags) override {
    if (flags.reverse && reverse_.tie_weights) parameters_[0].by_rows = false;
  }

  void forward(Pass& pass, Call& call) const override {
    if (!call.flags.reverse) return EmbeddingLayer::forward(pass, call);
    with_real(dtype(), [&](auto real) { run_reverse<decltype(real)>(pass, call); });
  }

  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    if (!call.flags.reverse) return EmbeddingLayer::backward(pass, call, gradient);
    with_real(dtype(), [&](auto real) { reverse_backward<decltype(real)>(pass, call, gradient); });
  }

 private:
  class ReverseStep final : public LayerStep {
   public:
    explicit ReverseStep(const ReversibleEmbeddingLayer& layer) : layer_(layer) {
      ReverseStep::take_weights();
      scores_.resize(static_cast<std::size_t>(weights_.columns()));
    }
    std::int64_t outputs() const override { return layer_.options_.input_dim; }
    const float* step(const float* x) noexcept override {
      // Writes whole vectors, beyond the last score.
      kernels::run_step_product(weights_.product(), x, nullptr, scores_.data());
      layer_.cap(scores_.data(), outputs());
      return scores_.data();
    }
    void take_weights() override { weights_.take(layer_.reverse_matrix<float>(), nullptr); }
    void use_bfloat16() override {
      weights_.use_bfloat16();
      take_weights();
    }

   private:
    const ReversibleEmbeddingLayer& layer_;
    StepWeights weights_;
    std::vector<float> scores_;
  };

  void build_weights(std::span<const Shape> inputs) override {
    EmbeddingLayer::build_weights(inputs);
    if (!reverse_.tie_weights) {
      add_weight("reverse_embeddings", {options_.output_dim, options_.input_dim},
                 {options_.embeddings_initializer});
    }
  }

  [[noreturn]] void refuse_vectors(const Shape& got) const {
    throw Error(fmt::format("{}: in reverse it takes vectors of {} numbers, got {}", described(),
                            options_.output_dim, got.to_string()),
                fmt::format("put a Dense of {} units before it", options_.output_dim));
  }

  // A matrix (output_dim, input_dim): the table turned round, or that of the way back.
  template <class Real>
  Tensor reverse_matrix() const {
    if (!reverse_.tie_weights) return parameters_[1].value;
    const std::int64_t rows = options_.input_dim;
    const std::int64_t columns = options_.output_dim;
    Tensor turned({columns, rows}, dtype());
    const Real* from = parameters_[0].value.as<Real>();
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::int64_t j = 0; j < columns; ++j)
        turned.as<Real>()[j * rows + i] = from[i * columns + j];
    }
    return turned;
  }

  template <class Real>
  void cap(Real* scores, std::int64_t count) const {
    if (!reverse_.logit_soft_cap) return;
    const auto cap = static_cast<Real>(*reverse_.logit_soft_cap);
    for (std::int64_t i = 0; i < count; ++i) scores[i] = std::tanh(scores[i] / cap) * cap;
  }

  template <class Function>
  static void for_rows(Pass& pass, std::int64_t rows, const Function& function) {
    pass.runtime.parallel((rows + rows_per_task - 1) / rows_per_task, [&](std::int64_t task) {
      const std::int64_t begin = task * rows_per_task;
      function(begin, std::min(rows - begin, rows_per_task));
    });
  }

  template <class Real>
  void run_reverse(Pass& pass, Call& call) const {
    const TensorView x = call.inputs[0].data;
    if (x.shape().rank() < 2 || x.shape()[-1] != options_.output_dim) refuse_vectors(x.shape());
    const std::int64_t width = options_.output_dim;
    const std::int64_t ids = options_.input_dim;
    Shape shape = x.shape();
    shape.set(-1, ids);
    const TensorView y = pass.arena.tensor(shape, dtype());
    Real* matrix = pass.arena.array<Real>(kernels::packed_size<Real>(width, ids));
    const Tensor& weights = parameters_[reverse_.tie_weights ? 0 : 1].value;
    kernels::pack(width, ids, weights.as<Real>(), reverse_.tie_weights ? width : ids,
                  reverse_.tie_weights, matrix);
    for_rows(pass, x.size() / width, [&](std::int64_t begin, std::int64_t count) {
      Real* out = y.as<Real>() + begin * ids;
      kernels::gemm_packed(count, ids, width, x.as<Real>() + begin * width, width, matrix, out, ids,
                           Start::zero);
      cap(out, count * ids);
    });
    call.outputs[0] = {y, TensorView()};
  }

  template <class Real>
  void reverse_backward(Pass& pass, const Call& call, CallGradient& gradient) const {
    const TensorView x = call.inputs[0].data;
    const std::int64_t width = options_.output_dim;
    const std::int64_t ids = options_.input_dim;
    const std::int64_t rows = x.size() / width;
    const Real* dz = gradient.outputs[0].as<Real>();
    if (reverse_.logit_soft_cap) {
      const auto cap = static_cast<Real>(*reverse_.logit_soft_cap);
      const Real* y = call.outputs[0].data.as<Real>();
      Real* slopes = pass.arena.array<Real>(rows * ids);
      for (std::int64_t i = 0; i < rows * ids; ++i)
        slopes[i] = dz[i] * (Real{1} - (y[i] / cap) * (y[i] / cap));
      dz = slopes;
    }
    const Parameter& weights = parameters_[reverse_.tie_weights ? 0 : 1];
    if (trainable()) {
      Real* dw = weights.gradient.as<Real>();
      if (reverse_.tie_weights) {
        kernels::gemm_outer(ids, width, rows, dz, ids, x.as<Real>(), width, dw, width);
      } else {
        kernels::gemm_outer(width, ids, rows, x.as<Real>(), width, dz, ids, dw, ids);
      }
    }
    if (!gradient.wanted[0]) return;
    gradient.inputs[0] = pass.arena.tensor(x.shape(), dtype());
    Real* matrix = pass.arena.array<Real>(kernels::packed_size<Real>(ids, width));
    kernels::pack(ids, width, weights.value.as<Real>(), reverse_.tie_weights ? width : ids,
                  !reverse_.tie_weights, matrix);
    for_rows(pass, rows, [&](std::int64_t begin, std::int64_t count) {
      kernels::gemm_packed(count, width, ids, dz + begin * ids, ids, matrix,
                           gradient.inputs[0].template as<Real>() + begin * width, width,
                           Start::zero);
    });
  }

  layers::ReversibleEmbeddingOptions reverse_;
};

}  // namespace

LayerPtr layers::ReversibleEmbedding(const ReversibleEmbeddingOptions& options) {
  return make_valid<ReversibleEmbeddingLayer>(options);
}

}  // namespace chronicler
