// The layer behind Embedding, which ReversibleEmbedding adds the way back to.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/layers/embedding.h"
#include "layers/core/dispatch.h"
#include "layers/core/layer_with.h"
#include "layers/core/step.h"

namespace chronicler {

class EmbeddingLayer : public LayerWith<EmbeddingLayer, layers::EmbeddingOptions> {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "Embedding"; }
  bool takes_ids() const override { return true; }

  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    Shape shape = inputs[0];
    shape.append(options_.output_dim);
    return {shape};
  }

  std::unique_ptr<LayerStep> make_step(State& /*state*/) const override {
    if (dtype() != DType::float32 || options_.mask_zero) return nullptr;
    return std::make_unique<Step>(*this);
  }

  void forward(Pass& pass, Call& call) const override {
    const TensorView x = call.inputs[0].data;
    const TensorView ids = read_ids(pass, x);
    Shape shape = x.shape();
    shape.append(options_.output_dim);
    const TensorView y = pass.arena.tensor(shape, dtype());
    with_real(dtype(), [&](auto real) { look_up<decltype(real)>(ids, y); });
    call.outputs[0] = {y, options_.mask_zero ? mask_of(pass, ids) : TensorView()};
    if (call.tape != nullptr) (*call.tape)[ids_place] = ids;
  }

  // Ids have no gradient. Rows of the table are summed in the order of the batch.
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    if (!trainable()) return;
    with_real(dtype(), [&](auto real) {
      add_rows<decltype(real)>(pass, (*call.tape)[ids_place], gradient.outputs[0]);
    });
  }

 protected:
  static constexpr int ids_place = 0;  // of the tape

  class Step final : public LayerStep {
   public:
    explicit Step(const EmbeddingLayer& layer) : layer_(layer) { Step::take_weights(); }
    std::int64_t outputs() const override { return layer_.options_.output_dim; }
    const float* step(const float* x) noexcept override {
      const float id = *x;
      if (!(id > -1.0F && id < static_cast<float>(layer_.options_.input_dim))) return nullptr;
      return table_.as<float>() + static_cast<std::int64_t>(id) * outputs();
    }
    void take_weights() override {
      const Tensor& weights = layer_.parameters_[0].value;
      if (!table_) table_ = Tensor(weights.shape());
      copy(weights, table_);
    }

   private:
    const EmbeddingLayer& layer_;
    Tensor table_;
  };

  void build_weights(std::span<const Shape> /*inputs*/) override {
    add_weight("embeddings", {options_.input_dim, options_.output_dim},
               {options_.embeddings_initializer, options_.embeddings_regularizer,
                options_.embeddings_constraint});
    // A regularizer's gradient is one of the whole table, and so is its sum with another.
    parameters_.back().by_rows = !options_.embeddings_regularizer;
  }

  // What lies behind the point of an id is cut off, as Keras does.
  TensorView read_ids(Pass& pass, const TensorView& x) const {
    const TensorView ids = pass.arena.tensor(x.shape(), DType::int32);
    auto* to = ids.as<std::int32_t>();
    const std::int64_t count = x.size();
    for (std::int64_t i = 0; i < count; ++i) {
      const double value = number_at(x, i);
      if (!(value > -1.0 && value < static_cast<double>(options_.input_dim))) refuse(x, i, value);
      to[i] = static_cast<std::int32_t>(value);
    }
    return ids;
  }

  double number_at(const TensorView& x, std::int64_t i) const {
    switch (x.dtype()) {
      case DType::int32:
        return x.as<std::int32_t>()[i];
      case DType::float32:
        return static_cast<double>(x.as<float>()[i]);
      case DType::float64:
        return x.as<double>()[i];
      case DType::boolean:
      case DType::text:
        break;
    }
    throw Error(fmt::format("{} needs ids of type int32, got {}", described(), name_of(x.dtype())));
  }

  [[noreturn]] void refuse(const TensorView& x, std::int64_t i, double value) const {
    const std::int64_t row_length = x.shape().rank() > 1 ? x.size() / x.shape()[0] : 1;
    throw Error(fmt::format("{}: id {} at row {}, step {} is not in 0..{}", described(), value,
                            i / row_length, i % row_length, options_.input_dim - 1),
                "input_dim must be the largest id + 1");
  }

  TensorView mask_of(Pass& pass, const TensorView& ids) const {
    const TensorView mask = pass.arena.tensor(ids.shape(), DType::boolean);
    const auto* from = ids.as<std::int32_t>();
    std::transform(from, from + ids.size(), mask.as<std::uint8_t>(),
                   [](std::int32_t id) { return static_cast<std::uint8_t>(id != 0); });
    return mask;
  }

  template <class Real>
  void look_up(const TensorView& ids, const TensorView& y) const {
    const std::int64_t width = options_.output_dim;
    const Real* table = parameters_[0].value.as<Real>();
    const auto* id = ids.as<std::int32_t>();
    const std::int64_t count = ids.size();
    for (std::int64_t i = 0; i < count; ++i)
      std::copy_n(table + id[i] * width, width, y.as<Real>() + i * width);
  }

  template <class Real>
  void add_rows(Pass& pass, const TensorView& ids, const TensorView& dy) const {
    const std::int64_t width = options_.output_dim;
    const Parameter& table = parameters_[0];
    const bool is_cut = table.by_rows && !std::isinf(table.row_limit);
    const auto limit = static_cast<Real>(table.row_limit);
    Real* const cut = is_cut ? pass.arena.array<Real>(width) : nullptr;
    const auto* id = ids.as<std::int32_t>();
    const std::int64_t count = ids.size();
    for (std::int64_t i = 0; i < count; ++i) {
      const Real* from = dy.as<Real>() + i * width;
      if (is_cut) {
        for (std::int64_t k = 0; k < width; ++k) cut[k] = std::clamp(from[k], -limit, limit);
        from = cut;
      }
      const std::int64_t at = id[i] * width;
      Real* to = table.gradient.as<Real>() + at;
      for (std::int64_t k = 0; k < width; ++k) to[k] += from[k];
      if (!table.gradient_squares) continue;
      Real* square = table.gradient_squares.as<Real>() + at;
      for (std::int64_t k = 0; k < width; ++k) square[k] += from[k] * from[k];
      if (!table.gradient_sizes) continue;
      Real* size = table.gradient_sizes.as<Real>() + at;
      for (std::int64_t k = 0; k < width; ++k) size[k] += std::abs(from[k]);
    }
  }
};

}  // namespace chronicler
