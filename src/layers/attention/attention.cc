#include "chronicler/layers/attention.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "kernels/activation.h"
#include "kernels/dropout.h"
#include "kernels/gemm.h"
#include "layers/attention/attention_weights.h"
#include "layers/convolution/sequence_checks.h"
#include "layers/core/dispatch.h"
#include "layers/core/layer_with.h"

namespace chronicler {
namespace {

using kernels::Start;

enum class Score : std::uint8_t { dot, concat, additive };

// The tape's place of the weights before dropout.
constexpr int weights_place = 0;

// Sizes of one call.
struct Sizes {
  std::int64_t rows, queries, values, depth, width;  // B, Tq, Tv, D, E
};

// What both layers compute; they differ in their scores and options.
class AttentionBase : public Layer {
 public:
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return {{inputs[0][0], inputs[0][1], inputs[1][2]}};
  }
  std::vector<Shape> call_shapes(std::span<const Shape> inputs,
                                 const CallFlags& flags) const override {
    std::vector<Shape> shapes = output_shapes(inputs);
    if (flags.return_attention_scores) shapes.push_back({inputs[0][0], inputs[0][1], inputs[1][1]});
    return shapes;
  }
  bool causal() const override { return false; }
  std::uint64_t* seed_place() override { return &drawn_seed_; }

  void check_inputs(std::span<const Value> inputs) const override {
    std::array<Shape, 3> shapes;
    const std::size_t count = std::min(inputs.size(), shapes.size());
    for (std::size_t i = 0; i < count; ++i) shapes[i] = inputs[i].data.shape();
    check_shapes(std::span(shapes).first(inputs.size() > 3 ? 0 : count));
    for (const Value& input : inputs.first(2))
      check_step_mask([this] { return described(); }, input);
  }

  void forward(Pass& pass, Call& call) const override {
    with_real(dtype(), [&](auto real) { run_forward<decltype(real)>(pass, call); });
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    with_real(dtype(), [&](auto real) { run_backward<decltype(real)>(pass, call, gradient); });
  }

 protected:
  virtual Score score() const = 0;
  virtual bool use_scale() const = 0;
  virtual double dropout() const = 0;
  virtual std::optional<std::int64_t> seed() const = 0;

  void check_shapes(std::span<const Shape> inputs) const {
    const bool right_count = inputs.size() == 2 || inputs.size() == 3;
    bool fits = right_count;
    for (std::size_t i = 0; fits && i < inputs.size(); ++i) fits = inputs[i].rank() == 3;
    if (fits) {
      const Shape& key = inputs.back();
      fits = inputs[0][2] == key[2] && key[1] == inputs[1][1];
    }
    if (fits) return;
    std::string got;
    for (const Shape& shape : inputs) got += (got.empty() ? "" : ", ") + shape.to_string();
    throw Error(
        fmt::format("{} takes {{query (batch, queries, depth), value (batch, values, ...)}} "
                    "and optionally the key (batch, values, depth), got {}",
                    described(), got),
        "in (batch, features) there are no steps to attend to: Keras lets the rows of a batch "
        "attend to one another there; put RepeatVector or Reshape in front");
  }

 private:
  static Sizes sizes_of(const Call& call) {
    const Shape& query = call.inputs[0].data.shape();
    const Shape& value = call.inputs[1].data.shape();
    return {query[0], query[1], value[1], query[2], value[2]};
  }
  const TensorView& key_of(const Call& call) const { return call.inputs.back().data; }

  template <class Real>
  const Real* scale() const {
    return use_scale() ? parameters_[0].value.as<Real>() : nullptr;
  }
  template <class Real>
  Real concat_weight() const {
    return parameters_[use_scale() ? 1U : 0U].value.as<Real>()[0];
  }

  // C [m][n] = A [m][k] B^T, with B [n][k] turned round in `turned`.
  template <class Real>
  static void product_with_turned(std::int64_t m, std::int64_t n, std::int64_t k, const Real* a,
                                  const Real* b, Real* turned, Real* c) {
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t j = 0; j < k; ++j) turned[j * n + i] = b[i * k + j];
    }
    kernels::gemm(m, n, k, a, k, turned, n, c, n, Start::zero);
  }

  // Of all queries with all keys of one row. work: room for depth * values numbers.
  template <class Real>
  void scores_of(const Sizes& size, const Real* queries, const Real* keys, const Real* gains,
                 Real* work, Real* lines) const {
    if (score() != Score::dot) {
      for (std::int64_t q = 0; q < size.queries; ++q) {
        bend(size, queries + q * size.depth, keys, work);
        kernels::gemm(size.values, 1, size.depth, work, size.depth, gains, 1,
                      lines + q * size.values, 1, Start::zero);
      }
      return;
    }
    product_with_turned(size.queries, size.values, size.depth, queries, keys, work, lines);
    if (const Real* factor = scale<Real>()) {
      for (std::int64_t i = 0; i < size.queries * size.values; ++i) lines[i] *= factor[0];
    }
  }

  // dLoss/dscores of one row to those of queries, keys and the layer's own weights.
  template <class Real>
  void scores_back(const Sizes& size, const Real* queries, const Real* keys, const Real* gains,
                   Real* work, Real* flow, Real* d_queries, Real* d_keys, Real* d_own) const {
    if (score() != Score::dot) {
      for (std::int64_t q = 0; q < size.queries; ++q) {
        const Real* query = queries + q * size.depth;
        bend(size, query, keys, work);
        for (std::int64_t v = 0; v < size.values; ++v) {
          score_back(query, keys + v * size.depth, gains, work + v * size.depth, size.depth,
                     flow[q * size.values + v], d_queries + q * size.depth, d_keys + v * size.depth,
                     d_own);
        }
      }
      return;
    }
    kernels::gemm(size.queries, size.depth, size.values, flow, size.values, keys, size.depth,
                  d_queries, size.depth, Start::accumulate);
    if (const Real* factor = scale<Real>()) {
      // Up to here without the factor: sum_d query_d * (sum_v flow_v key_vd) is the factor's slope.
      for (std::int64_t i = 0; i < size.queries * size.depth; ++i) {
        d_own[0] += d_queries[i] * queries[i];
        d_queries[i] *= factor[0];
      }
      for (std::int64_t i = 0; i < size.queries * size.values; ++i) flow[i] *= factor[0];
    }
    kernels::gemm_outer(size.values, size.depth, size.queries, flow, size.values, queries,
                        size.depth, d_keys, size.depth);
  }

  // Where the score is a sum of tanh: what each of them counts. Null for products.
  template <class Real>
  const Real* gains_of(Arena& arena, std::int64_t depth) const {
    if (score() == Score::dot) return nullptr;
    if (score() == Score::additive && use_scale()) return scale<Real>();
    Real* gains = arena.array<Real>(depth);
    std::fill_n(gains, depth, score() == Score::concat ? concat_weight<Real>() : Real{1});
    return gains;
  }
  // The factor in the tanh.
  template <class Real>
  Real inner_scale() const {
    return score() == Score::concat && use_scale() ? scale<Real>()[0] : Real{1};
  }

  // The tanh of one query with all keys: [values][depth].
  template <class Real>
  void bend(const Sizes& size, const Real* query, const Real* keys, Real* bent) const {
    const Real inner = inner_scale<Real>();
    for (std::int64_t v = 0; v < size.values; ++v) {
      const Real* key = keys + v * size.depth;
      for (std::int64_t d = 0; d < size.depth; ++d)
        bent[v * size.depth + d] = inner * (query[d] + key[d]);
    }
    kernels::activate(kernels::Activation::tanh, size.values, size.depth, bent, bent);
  }

  AttentionMask mask_of(const Call& call, const Sizes& size) const {
    AttentionMask mask;
    if (call.inputs[1].mask) mask.values = call.inputs[1].mask.as<std::uint8_t>();
    mask.causal = call.flags.use_causal_mask;
    mask.value_count = size.values;
    return mask;
  }

  // 0 or 1 / (1 - rate) for each weight; null: no dropout.
  template <class Real>
  const Real* dropout_factors(Pass& pass, std::int64_t count) const {
    if (!pass.training || dropout() == 0.0) return nullptr;
    Real* factors = pass.arena.array<Real>(count);
    const Random random(seed() ? static_cast<std::uint64_t>(*seed()) : drawn_seed_);
    kernels::dropout_factors(random, pass.step, 0, dropout(),
                             std::span(factors, static_cast<std::size_t>(count)));
    return factors;
  }

  static bool query_counts(const Call& call, std::int64_t row, std::int64_t query) {
    const TensorView& mask = call.inputs[0].mask;
    return !mask || mask.as<std::uint8_t>()[row * mask.shape()[1] + query] != 0;
  }

  template <class Real>
  void run_forward(Pass& pass, Call& call) const {
    const Sizes size = sizes_of(call);
    Arena& arena = pass.arena;
    const TensorView weights = arena.tensor({size.rows, size.queries, size.values}, dtype());
    const Real* factors = dropout_factors<Real>(pass, weights.size());
    const TensorView used = factors == nullptr ? weights : arena.tensor(weights.shape(), dtype());
    const TensorView y = arena.tensor({size.rows, size.queries, size.width}, dtype());
    const AttentionMask mask = mask_of(call, size);
    const Real* query = call.inputs[0].data.as<Real>();
    const Real* key = key_of(call).as<Real>();
    const Real* value = call.inputs[1].data.as<Real>();
    const Real* gains = gains_of<Real>(arena, size.depth);
    Real* work = arena.array<Real>(size.rows * size.depth * size.values);
    pass.runtime.parallel(size.rows, [&](std::int64_t row) {
      const Real* queries = query + row * size.queries * size.depth;
      const Real* keys = key + row * size.values * size.depth;
      Real* lines = weights.as<Real>() + row * size.queries * size.values;
      Real* taken = used.as<Real>() + row * size.queries * size.values;
      Real* to = y.as<Real>() + row * size.queries * size.width;
      scores_of(size, queries, keys, gains, work + row * size.depth * size.values, lines);
      for (std::int64_t q = 0; q < size.queries; ++q) mask.softmax(row, q, lines + q * size.values);
      if (factors != nullptr) {
        const Real* own = factors + row * size.queries * size.values;
        for (std::int64_t i = 0; i < size.queries * size.values; ++i) taken[i] = lines[i] * own[i];
      }
      kernels::gemm(size.queries, size.width, size.values, taken, size.values,
                    value + row * size.values * size.width, size.width, to, size.width,
                    Start::zero);
      for (std::int64_t q = 0; q < size.queries; ++q) {
        if (!query_counts(call, row, q)) std::fill_n(to + q * size.width, size.width, Real{0});
      }
    });
    call.outputs[0] = {y, call.inputs[0].mask};
    if (call.flags.return_attention_scores) call.outputs[1] = {used, {}};
    if (call.tape != nullptr) (*call.tape)[weights_place] = weights;
  }

  // What flows back through one row of the batch.
  template <class Real>
  struct RowBack {
    std::int64_t row;
    const Real* lines;     // the weights of its queries
    const Real* dropped;   // factors of dropout; null: none
    const Real* dy;        // null: nothing flows
    const Real* dweights;  // of the weights, where they are an output too; or null
    const Real* value;
    Real* turned;   // room for the values' transpose
    Real* shares;   // what of the values each query that counts has taken
    Real* flow;     // dLoss/dscores
    Real* d_value;  // is added to
  };

  // From the row's output to its scores and values.
  template <class Real>
  void weights_back(const Call& call, const Sizes& size, const RowBack<Real>& one) const {
    const std::int64_t square = size.queries * size.values;
    std::copy_n(one.lines, square, one.shares);
    std::fill_n(one.flow, square, Real{0});
    if (one.dy != nullptr) {
      product_with_turned(size.queries, size.values, size.width, one.dy, one.value, one.turned,
                          one.flow);
      for (std::int64_t q = 0; q < size.queries; ++q) {
        if (query_counts(call, one.row, q)) continue;
        std::fill_n(one.flow + q * size.values, size.values, Real{0});
        std::fill_n(one.shares + q * size.values, size.values, Real{0});
      }
      for (std::int64_t i = 0; one.dropped != nullptr && i < square; ++i)
        one.shares[i] *= one.dropped[i];
      kernels::gemm_outer(size.values, size.width, size.queries, one.shares, size.values, one.dy,
                          size.width, one.d_value, size.width);
    }
    for (std::int64_t q = 0; q < size.queries; ++q) {
      Real* line = one.flow + q * size.values;
      for (std::int64_t v = 0; v < size.values; ++v) {
        if (one.dweights != nullptr) line[v] += one.dweights[q * size.values + v];
        if (one.dropped != nullptr) line[v] *= one.dropped[q * size.values + v];
      }
      softmax_backward(size.values, one.lines + q * size.values, line);
    }
  }

  // The gradients of the weights, which each row has summed up for itself: `all` numbers, of which
  // the first `own` are the scale's.
  template <class Real>
  void add_partial(std::int64_t rows, std::int64_t own, std::int64_t all,
                   const Real* partial) const {
    for (std::int64_t row = 0; row < rows; ++row) {
      for (std::int64_t i = 0; i < all; ++i) {
        const bool of_concat = i == own;
        const Parameter& parameter = parameters_[of_concat && use_scale() ? 1U : 0U];
        parameter.gradient.as<Real>()[of_concat ? 0 : i] += partial[row * all + i];
      }
    }
  }

  template <class Real>
  void run_backward(Pass& pass, const Call& call, CallGradient& gradient) const {
    const Sizes size = sizes_of(call);
    Arena& arena = pass.arena;
    const std::size_t key_input = call.inputs.size() - 1;
    const TensorView weights = (*call.tape)[weights_place];
    const Real* factors = dropout_factors<Real>(pass, weights.size());
    const TensorView d_query = arena.zeros(call.inputs[0].data.shape(), dtype());
    const TensorView d_value = arena.zeros(call.inputs[1].data.shape(), dtype());
    const TensorView d_key = key_input == 1 ? d_value : arena.zeros(key_of(call).shape(), dtype());
    // Gradients of the weights of each row, summed in their order afterwards.
    const std::int64_t own = use_scale() ? parameters_[0].value.size() : 0;
    const std::int64_t all = own + (score() == Score::concat ? 1 : 0);
    Real* partial = arena.array<Real>(size.rows * std::max<std::int64_t>(all, 1));
    std::fill_n(partial, size.rows * all, Real{0});
    // dLoss/dscores, and what of the values each query that counts has taken.
    Real* flows = arena.array<Real>(size.rows * size.queries * size.values);
    Real* taken = arena.array<Real>(size.rows * size.queries * size.values);
    Real* turned = arena.array<Real>(size.rows * size.width * size.values);
    const Real* gains = gains_of<Real>(arena, size.depth);
    const std::int64_t room = score() == Score::dot ? 0 : size.depth * size.values;
    Real* work = arena.array<Real>(size.rows * room);

    const Real* query = call.inputs[0].data.as<Real>();
    const Real* key = key_of(call).as<Real>();
    const Real* value = call.inputs[1].data.as<Real>();
    const Real* dy = gradient.outputs[0] ? gradient.outputs[0].template as<Real>() : nullptr;
    const Real* dweights = gradient.outputs.size() > 1 && gradient.outputs[1]
                               ? gradient.outputs[1].template as<Real>()
                               : nullptr;
    const std::int64_t square = size.queries * size.values;
    const std::int64_t values = size.values * size.width;
    pass.runtime.parallel(size.rows, [&](std::int64_t row) {
      const RowBack<Real> one{row,
                              weights.as<Real>() + row * square,
                              factors == nullptr ? nullptr : factors + row * square,
                              dy == nullptr ? nullptr : dy + row * size.queries * size.width,
                              dweights == nullptr ? nullptr : dweights + row * square,
                              value + row * values,
                              turned + row * values,
                              taken + row * square,
                              flows + row * square,
                              d_value.as<Real>() + row * values};
      weights_back(call, size, one);
      scores_back(size, query + row * size.queries * size.depth,
                  key + row * size.values * size.depth, gains, work + row * room, one.flow,
                  d_query.as<Real>() + row * size.queries * size.depth,
                  d_key.as<Real>() + row * size.values * size.depth, partial + row * all);
    });
    if (trainable()) add_partial(size.rows, own, all, partial);
    if (gradient.wanted[0]) gradient.inputs[0] = d_query;
    if (gradient.wanted[1]) gradient.inputs[1] = d_value;
    if (key_input == 2 && gradient.wanted[2]) gradient.inputs[2] = d_key;
  }

  // Of one query with one key. d_own: the scale's, then the concat_score_weight's.
  template <class Real>
  void score_back(const Real* query, const Real* key, const Real* gains, const Real* bent,
                  std::int64_t depth, Real flow, Real* d_query, Real* d_key, Real* d_own) const {
    const Real inner = inner_scale<Real>();
    for (std::int64_t d = 0; d < depth; ++d) {
      const Real slope = flow * gains[d] * (Real{1} - bent[d] * bent[d]) * inner;
      d_query[d] += slope;
      d_key[d] += slope;
    }
    if (score() == Score::concat) {
      for (std::int64_t d = 0; d < depth; ++d) {
        const Real slope = flow * gains[d] * (Real{1} - bent[d] * bent[d]);
        if (use_scale()) d_own[0] += slope * (query[d] + key[d]);
        d_own[use_scale() ? 1 : 0] += flow * bent[d];
      }
    } else if (use_scale()) {
      for (std::int64_t d = 0; d < depth; ++d) d_own[d] += flow * bent[d];
    }
  }

 protected:
  std::uint64_t drawn_seed_ = next_seed();
};

class AttentionLayer final
    : public LayerWith<AttentionLayer, layers::AttentionOptions, AttentionBase> {
 public:
  using LayerWith::LayerWith;
  std::string_view class_name() const override { return "Attention"; }

 private:
  void build_weights(std::span<const Shape> inputs) override {
    check_shapes(inputs);
    if (options_.use_scale) add_weight("scale", {}, {.initializer = "ones"});
    if (score() == Score::concat) add_weight("concat_score_weight", {}, {.initializer = "ones"});
  }
  Score score() const override {
    return options_.score_mode == "concat" ? Score::concat : Score::dot;
  }
  bool use_scale() const override { return options_.use_scale; }
  double dropout() const override { return options_.dropout; }
  std::optional<std::int64_t> seed() const override { return options_.seed; }
};

class AdditiveAttentionLayer final
    : public LayerWith<AdditiveAttentionLayer, layers::AdditiveAttentionOptions, AttentionBase> {
 public:
  using LayerWith::LayerWith;
  std::string_view class_name() const override { return "AdditiveAttention"; }

 private:
  void build_weights(std::span<const Shape> inputs) override {
    check_shapes(inputs);
    if (options_.use_scale) add_weight("scale", {inputs[0][2]}, {.initializer = "glorot_uniform"});
  }
  Score score() const override { return Score::additive; }
  bool use_scale() const override { return options_.use_scale; }
  double dropout() const override { return options_.dropout; }
  std::optional<std::int64_t> seed() const override { return options_.seed; }
};

}  // namespace

LayerPtr layers::Attention(const AttentionOptions& options) {
  return make_valid<AttentionLayer>(options);
}
LayerPtr layers::AdditiveAttention(const AdditiveAttentionOptions& options) {
  return make_valid<AdditiveAttentionLayer>(options);
}

}  // namespace chronicler
