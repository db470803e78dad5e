// What MultiHeadAttention and GroupQueryAttention share: projections to heads, their weights, and
// the way back.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "kernels/dropout.h"
#include "kernels/gemm.h"
#include "layers/attention/attention_weights.h"
#include "layers/attention/head_values.h"
#include "layers/convolution/sequence_checks.h"
#include "layers/core/dispatch.h"
#include "layers/core/invoke.h"
#include "layers/core/layer_with.h"

namespace chronicler {

// A derived class says how many heads there are, and of what length.
template <class Derived, class Options>
class AttentionOfHeads : public LayerWith<Derived, Options> {
 public:
  // The projections in the order of their weights, and the tape's places of what they gave.
  enum Projection : int { query, key, gate, value, output };

  using Base = LayerWith<Derived, Options>;
  using Base::Base;
  using Base::described;
  using Base::dtype;
  using Base::trainable;

  std::uint64_t* seed_place() override { return &drawn_seed_; }
  bool causal() const override { return false; }

  std::string weight_path(std::size_t index) const override {
    const std::size_t each = options_.use_bias ? 2 : 1;
    std::size_t projection = index / each;
    if (!options_.use_gate && projection >= gate) ++projection;
    return fmt::format("{}/vars/{}", paths[projection], index % each);
  }

  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return {{inputs[0][0], inputs[0][1], output_size(inputs[0])}};
  }
  std::vector<Shape> call_shapes(std::span<const Shape> inputs,
                                 const CallFlags& flags) const override {
    std::vector<Shape> shapes = output_shapes(inputs);
    if (flags.return_attention_scores)
      shapes.push_back({inputs[0][0], heads(), inputs[0][1], inputs[1][1]});
    return shapes;
  }

  void check_inputs(std::span<const Value> inputs) const override {
    std::array<Shape, 3> shapes;
    const std::size_t count = std::min(inputs.size(), shapes.size());
    for (std::size_t i = 0; i < count; ++i) shapes[i] = inputs[i].data.shape();
    check_shapes(std::span(shapes).first(inputs.size() > 3 ? 0 : count));
    check_query_mask(inputs);
    for (const Value& input : inputs.subspan(1))
      check_step_mask([this] { return described(); }, input);
  }

  void forward(Pass& pass, Call& call) const override {
    with_real(dtype(), [&](auto real) { run_forward<decltype(real)>(pass, call); });
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    with_real(dtype(), [&](auto real) { run_backward<decltype(real)>(pass, call, gradient); });
  }

 protected:
  using Base::add_weight;
  using Base::options_;
  using Base::parameters_;

  virtual std::int64_t heads() const = 0;
  virtual std::int64_t value_heads() const = 0;  // of key and value; divides heads()
  virtual std::int64_t depth() const = 0;        // of a head's query and key
  virtual std::int64_t width() const = 0;        // of a head's value
  virtual std::int64_t output_size(const Shape& query_shape) const = 0;

  void check_shapes(std::span<const Shape> inputs) const {
    bool fits = inputs.size() == 2 || inputs.size() == 3;
    for (std::size_t i = 0; fits && i < inputs.size(); ++i)
      fits = inputs[i].rank() == 3 && inputs[i][2] > 0;
    if (fits && inputs.back()[1] == inputs[1][1]) return;
    std::string got;
    for (const Shape& shape : inputs) got += (got.empty() ? "" : ", ") + shape.to_string();
    throw Error(
        fmt::format("{} takes {{query (batch, queries, features), value (batch, values, "
                    "features)}} and optionally a key as long as the value, got {}",
                    described(), got));
  }
  void build_weights(std::span<const Shape> inputs) override {
    check_shapes(inputs);
    const std::int64_t shared = value_heads();
    add_projection({inputs[0][2], heads(), depth()}, {heads(), depth()});
    add_projection({inputs.back()[2], shared, depth()}, {shared, depth()});
    if (options_.use_gate) add_projection({inputs[0][2], heads(), width()}, {heads(), width()});
    add_projection({inputs[1][2], shared, width()}, {shared, width()});
    const std::int64_t out = output_size(inputs[0]);
    add_projection({heads(), width(), out}, {out});
  }

 private:
  static constexpr int weights_place = 5;  // of the values, before dropout
  static constexpr int mixed_place = 6;    // the values' sums, before the gate
  static constexpr std::array<std::string_view, 5> paths{"query_dense", "key_dense", "_gate_dense",
                                                         "value_dense", "output_dense"};

  // The query's mask may also say for each value whether a query sees it: Keras's attention_mask.
  void check_query_mask(std::span<const Value> inputs) const {
    const TensorView& mask = inputs[0].mask;
    if (!mask || mask.shape().rank() != 3) {
      check_step_mask([this] { return described(); }, inputs[0]);
      return;
    }
    const Shape wanted{inputs[0].data.shape()[0], inputs[0].data.shape()[1],
                       inputs[1].data.shape()[1]};
    bool fits = mask.dtype() == DType::boolean;
    for (int axis = 0; axis < 3; ++axis)
      fits = fits && (mask.shape()[axis] == wanted[axis] || mask.shape()[axis] == 1);
    if (fits) return;
    throw Error(fmt::format("{} needs an attention mask {} of truth values, got {} {}", described(),
                            wanted.to_string(), name_of(mask.dtype()), mask.shape().to_string()));
  }

  void add_projection(const Shape& kernel, const Shape& bias) {
    add_weight(
        "kernel", kernel,
        {options_.kernel_initializer, options_.kernel_regularizer, options_.kernel_constraint});
    if (options_.use_bias) {
      add_weight("bias", bias,
                 {options_.bias_initializer, options_.bias_regularizer, options_.bias_constraint});
    }
  }

  // Where a projection is among those that there are.
  std::size_t place_of(int projection) const {
    return static_cast<std::size_t>(!options_.use_gate && projection > gate ? projection - 1
                                                                            : projection);
  }
  const Parameter& kernel_of(int projection) const {
    return parameters_[place_of(projection) * (options_.use_bias ? 2U : 1U)];
  }
  const Parameter& bias_of(int projection) const {
    return parameters_[place_of(projection) * 2U + 1U];
  }

  HeadSizes sizes_of(const Call& call) const {
    const Shape& from = call.inputs[0].data.shape();
    return {from[0], from[1], call.inputs[1].data.shape()[1], heads(),
            depth(), width(), heads() / value_heads()};
  }

  // Keras takes a bias (heads, 1) for one of the steps where there are as many steps as heads: its
  // TensorFlow addition goes by sizes alone.
  bool adds_bias_along_steps(int projection, const TensorView& x) const {
    const bool is_shared = projection == key || projection == value;
    const std::int64_t own_heads = is_shared ? value_heads() : heads();
    const std::int64_t length = projection == value || projection == gate ? width() : depth();
    return options_.use_bias && projection != output && length == 1 && own_heads > 1 &&
           x.shape()[1] == own_heads;
  }

  // x (B, T, in) W (in, out) + b: the kernel's axes are joined to two.
  template <class Real>
  TensorView project(Pass& pass, int projection, const TensorView& x) const {
    const std::int64_t out = kernel_of(projection).value.size() / x.shape()[2];
    const TensorView y = pass.arena.tensor({x.shape()[0], x.shape()[1], out}, dtype());
    const bool along_steps = adds_bias_along_steps(projection, x);
    const Real* bias =
        options_.use_bias && !along_steps ? bias_of(projection).value.template as<Real>() : nullptr;
    const std::int64_t steps = x.shape()[1];
    const std::int64_t in = x.shape()[2];
    pass.runtime.parallel(x.shape()[0], [&](std::int64_t row) {
      kernels::gemm(steps, out, in, x.as<Real>() + row * steps * in, in,
                    kernel_of(projection).value.template as<Real>(), out,
                    y.as<Real>() + row * steps * out, out,
                    bias != nullptr ? kernels::Start::row : kernels::Start::zero, bias);
      for (std::int64_t i = 0; along_steps && i < steps * out; ++i)
        y.as<Real>()[row * steps * out + i] +=
            bias_of(projection).value.template as<Real>()[i / out];
    });
    return y;
  }

  // Adds to the weights' gradients; the gradient of x, if it is wanted.
  template <class Real>
  TensorView project_back(Pass& pass, int projection, const TensorView& x, const TensorView& dy,
                          bool wanted) const {
    const std::int64_t in = x.shape()[2];
    const std::int64_t out = dy.shape()[2];
    const std::int64_t rows = x.size() / in;
    if (trainable()) {
      kernels::gemm_outer(in, out, rows, x.as<Real>(), in, dy.as<Real>(), out,
                          kernel_of(projection).gradient.template as<Real>(), out);
      if (adds_bias_along_steps(projection, x)) {
        for (std::int64_t i = 0; i < dy.size(); ++i)
          bias_of(projection).gradient.template as<Real>()[i / out % x.shape()[1]] +=
              dy.as<Real>()[i];
      } else if (options_.use_bias) {
        kernels::add_rows(out, rows, dy.as<Real>(), out,
                          bias_of(projection).gradient.template as<Real>());
      }
    }
    if (!wanted) return {};
    const TensorView dx = pass.arena.tensor(x.shape(), dtype());
    Real* packed = pass.arena.array<Real>(kernels::packed_size<Real>(out, in));
    kernels::pack(out, in, kernel_of(projection).value.template as<Real>(), out, true, packed);
    kernels::gemm_packed(rows, in, out, dy.as<Real>(), out, packed, dx.as<Real>(), in,
                         kernels::Start::zero);
    return dx;
  }

  static bool counts(const TensorView& mask, std::int64_t row, std::int64_t step) {
    return !mask || mask.as<std::uint8_t>()[row * mask.shape()[1] + step] != 0;
  }
  static bool sees(const TensorView& mask, std::int64_t row, std::int64_t q, std::int64_t v) {
    if (!mask || mask.shape().rank() == 2) return counts(mask, row, q);
    const Shape& shape = mask.shape();
    const auto at = [&](int axis, std::int64_t place) { return shape[axis] == 1 ? 0 : place; };
    return mask.as<std::uint8_t>()[(at(0, row) * shape[1] + at(1, q)) * shape[2] + at(2, v)] != 0;
  }
  bool hides(const Call& call, std::int64_t row, std::int64_t q, std::int64_t v) const {
    if (call.flags.use_causal_mask && v > q) return true;
    if (options_.sliding_window && std::abs(v - q) >= *options_.sliding_window) return true;
    return !sees(call.inputs[0].mask, row, q, v) || !counts(call.inputs[1].mask, row, v) ||
           !counts(call.inputs.back().mask, row, v);
  }
  // Whether a query that sees nothing gets nothing. Else it gets the mean of all: Keras computes
  // these two ways, and each has its own answer.
  bool blind_gets_nothing(const Call& call) const {
    return options_.dropout > 0.0 || call.flags.return_attention_scores;
  }

  // 0 or 1 / (1 - rate) for each weight; null: no dropout.
  template <class Real>
  const Real* dropout_factors(Pass& pass, std::int64_t count) const {
    if (!pass.training || options_.dropout == 0.0) return nullptr;
    Real* factors = pass.arena.array<Real>(count);
    const Random random(options_.seed ? static_cast<std::uint64_t>(*options_.seed) : drawn_seed_);
    kernels::dropout_factors(random, pass.step, 0, options_.dropout,
                             std::span(factors, static_cast<std::size_t>(count)));
    return factors;
  }

  template <class Real>
  Real score_factor() const {
    return static_cast<Real>(1.0 / std::sqrt(static_cast<double>(depth())));
  }

  // In Keras each projection has the activity_regularizer, the layer itself has none.
  void penalize(Pass& pass, const TensorView& projected) const {
    if (!options_.activity_regularizer) return;
    pass.activity_penalty +=
        options_.activity_regularizer.penalty(projected) * share_of_row(projected);
  }
  // Adds the penalty's slope to `gradient`.
  void penalize_back(const TensorView& projected, const TensorView& gradient) const {
    if (!options_.activity_regularizer) return;
    options_.activity_regularizer.penalty(projected, gradient, share_of_row(projected));
  }
  static double share_of_row(const TensorView& projected) {
    return 1.0 / static_cast<double>(projected.shape()[0]);
  }

  // The weights of a query: the softmax of its products with the keys.
  template <class Real>
  void weigh(const Call& call, const Heads<Real>& heads, std::int64_t row, std::int64_t head,
             std::int64_t i) const {
    const HeadSizes& size = heads.size;
    Real* line = heads.weights + size.at_line(row, head, i);
    const Real* from = heads.query + size.at_query(row, head, i) * size.depth;
    bool blind = true;
    for (std::int64_t j = 0; j < size.values; ++j) {
      const Real* to = heads.key + size.at_shared(row, head, j) * size.depth;
      Real sum{0};
      for (std::int64_t d = 0; d < size.depth; ++d) sum += from[d] * to[d];
      line[j] = sum * score_factor<Real>();
      const bool hidden = hides(call, row, i, j);
      if (hidden) line[j] = Real{-1e9};
      blind = blind && hidden;
    }
    if (blind && blind_gets_nothing(call)) {
      std::fill_n(line, size.values, Real{0});
    } else {
      kernels::softmax_of_row(size.values, line);
    }
  }

  template <class Real>
  void run_forward(Pass& pass, Call& call) const {
    const HeadSizes size = sizes_of(call);
    const TensorView q = project<Real>(pass, query, call.inputs[0].data);
    const TensorView k = project<Real>(pass, key, call.inputs.back().data);
    const TensorView v = project<Real>(pass, value, call.inputs[1].data);
    const TensorView weights =
        pass.arena.tensor({size.rows, size.heads, size.queries, size.values}, dtype());
    const Real* factors = dropout_factors<Real>(pass, weights.size());
    const TensorView used =
        factors == nullptr ? weights : pass.arena.tensor(weights.shape(), dtype());
    const TensorView mixed =
        pass.arena.zeros({size.rows, size.queries, size.heads * size.width}, dtype());
    const Heads<Real> heads{size,         q.as<Real>(),       k.as<Real>(),
                            v.as<Real>(), weights.as<Real>(), factors};
    pass.runtime.parallel(size.rows * size.heads, [&](std::int64_t task) {
      const std::int64_t row = task / size.heads;
      const std::int64_t head = task % size.heads;
      for (std::int64_t i = 0; i < size.queries; ++i) {
        weigh(call, heads, row, head, i);
        sum_values(heads, row, head, i, used.as<Real>(), mixed.as<Real>());
      }
    });
    const TensorView opened =
        options_.use_gate ? project<Real>(pass, gate, call.inputs[0].data) : TensorView();
    const TensorView gated = options_.use_gate ? pass.arena.tensor(mixed.shape(), dtype()) : mixed;
    for (std::int64_t i = 0; opened && i < opened.size(); ++i) {
      Real& open = opened.as<Real>()[i];
      open = Real{1} / (Real{1} + std::exp(-open));
      gated.as<Real>()[i] = mixed.as<Real>()[i] * open;
    }
    for (const TensorView& projected : {q, k, v}) penalize(pass, projected);
    if (opened) penalize(pass, opened);
    const TensorView& mask = call.inputs[0].mask;
    call.outputs[0] = {project<Real>(pass, output, gated),
                       mask && mask.shape().rank() == 2 ? mask : TensorView()};
    penalize(pass, call.outputs[0].data);
    if (call.flags.return_attention_scores) call.outputs[1] = {used, {}};
    if (call.tape == nullptr) return;
    Tape& tape = *call.tape;
    tape[query] = q;
    tape[key] = k;
    tape[value] = v;
    tape[gate] = opened;
    tape[output] = gated;
    tape[mixed_place] = mixed;
    tape[weights_place] = weights;
  }

  // Through the gate: the gradient of its sums; that of what it closes, in place.
  template <class Real>
  TensorView gate_back(Arena& arena, const Tape& tape, const TensorView& d_mixed) const {
    if (!options_.use_gate) return {};
    const TensorView d_gate = arena.zeros(d_mixed.shape(), dtype());
    penalize_back(tape[gate], d_gate);
    for (std::int64_t i = 0; i < d_gate.size(); ++i) {
      const Real open = tape[gate].template as<Real>()[i];
      Real& flow = d_mixed.as<Real>()[i];
      Real& slope = d_gate.as<Real>()[i];
      slope = (slope + flow * tape[mixed_place].template as<Real>()[i]) * open * (Real{1} - open);
      flow *= open;
    }
    return d_gate;
  }

  template <class Real>
  void head_back(const Call& call, const Heads<Real>& heads, const HeadFlows<Real>& flows,
                 std::int64_t row, std::int64_t head, Real* flow) const {
    const HeadSizes& size = heads.size;
    for (std::int64_t i = 0; i < size.queries; ++i) {
      const std::int64_t at_query = size.at_query(row, head, i);
      values_back(heads, flows, row, head, i, flow);
      softmax_backward(size.values, heads.weights + size.at_line(row, head, i), flow);
      for (std::int64_t j = 0; j < size.values; ++j) {
        const std::int64_t at_key = size.at_shared(row, head, j);
        const Real slope = hides(call, row, i, j) ? Real{0} : flow[j] * score_factor<Real>();
        for (std::int64_t d = 0; d < size.depth; ++d) {
          flows.query[at_query * size.depth + d] += slope * heads.key[at_key * size.depth + d];
          flows.key[at_key * size.depth + d] += slope * heads.query[at_query * size.depth + d];
        }
      }
    }
  }

  template <class Real>
  void run_backward(Pass& pass, const Call& call, CallGradient& gradient) const {
    const HeadSizes size = sizes_of(call);
    const Tape& tape = *call.tape;
    Arena& arena = pass.arena;
    const TensorView weights = tape[weights_place];
    TensorView d_output = gradient.outputs[0];
    if (options_.activity_regularizer) {
      const TensorView penalty = arena.zeros(call.outputs[0].data.shape(), dtype());
      penalize_back(call.outputs[0].data, penalty);
      d_output = added(arena, d_output, penalty);
    }
    const TensorView d_mixed = d_output
                                   ? project_back<Real>(pass, output, tape[output], d_output, true)
                                   : arena.zeros(tape[output].shape(), dtype());
    const TensorView d_gate = gate_back<Real>(arena, tape, d_mixed);
    const TensorView dq = arena.zeros(tape[query].shape(), dtype());
    const TensorView dk = arena.zeros(tape[key].shape(), dtype());
    const TensorView dv = arena.zeros(tape[value].shape(), dtype());
    penalize_back(tape[query], dq);
    penalize_back(tape[key], dk);
    penalize_back(tape[value], dv);
    const TensorView d_scores = gradient.outputs.size() > 1 ? gradient.outputs[1] : TensorView();
    const Heads<Real> heads{size,
                            tape[query].template as<Real>(),
                            tape[key].template as<Real>(),
                            tape[value].template as<Real>(),
                            weights.as<Real>(),
                            dropout_factors<Real>(pass, weights.size())};
    const HeadFlows<Real> flows{d_mixed.as<Real>(), d_scores ? d_scores.as<Real>() : nullptr,
                                dq.as<Real>(), dk.as<Real>(), dv.as<Real>()};
    // A task has all heads that share a key and a value, whose gradients it adds up.
    const std::int64_t tasks = size.rows * size.value_heads();
    Real* lines = arena.array<Real>(tasks * size.values);
    pass.runtime.parallel(tasks, [&](std::int64_t task) {
      const std::int64_t first = task % size.value_heads() * size.sharing;
      for (std::int64_t head = first; head < first + size.sharing; ++head)
        head_back(call, heads, flows, task / size.value_heads(), head, lines + task * size.values);
    });
    inputs_back<Real>(pass, call, gradient, {dq, dk, dv, d_gate});
  }

  // The gradients of query, key, value and gate, through their projections.
  template <class Real>
  void inputs_back(Pass& pass, const Call& call, CallGradient& gradient,
                   const std::array<TensorView, 4>& d) const {
    const auto& [dq, dk, dv, d_gate] = d;
    const std::size_t key_input = call.inputs.size() - 1;
    const TensorView of_query =
        project_back<Real>(pass, query, call.inputs[0].data, dq, gradient.wanted[0]);
    const TensorView of_key =
        project_back<Real>(pass, key, call.inputs[key_input].data, dk, gradient.wanted[key_input]);
    const TensorView of_value =
        project_back<Real>(pass, value, call.inputs[1].data, dv, gradient.wanted[1]);
    const TensorView of_gate =
        d_gate ? project_back<Real>(pass, gate, call.inputs[0].data, d_gate, gradient.wanted[0])
               : TensorView();
    if (gradient.wanted[0]) gradient.inputs[0] = added(pass.arena, of_query, of_gate);
    if (gradient.wanted[1])
      gradient.inputs[1] = key_input == 1 ? added(pass.arena, of_value, of_key) : of_value;
    if (key_input == 2 && gradient.wanted[2]) gradient.inputs[2] = of_key;
  }

  std::uint64_t drawn_seed_ = next_seed();  // unless the options give one
};

}  // namespace chronicler
