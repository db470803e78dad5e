#include "chronicler/layers/attention.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "layers/attention_weights.h"
#include "layers/dispatch.h"
#include "layers/kinds.h"

namespace chronicler {
namespace {

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

  void validate_dropout() const {
    if (dropout() >= 0.0 && dropout() < 1.0) return;
    throw Error(
        fmt::format("{}: dropout must be at least 0 and below 1, got {}", described(), dropout()));
  }

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
                    described(), got));
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

  // One query with one key.
  template <class Real>
  Real score_of(const Real* query, const Real* key, std::int64_t depth) const {
    const Real* factor = scale<Real>();
    Real sum{0};
    switch (score()) {
      case Score::dot:
        for (std::int64_t d = 0; d < depth; ++d) sum += query[d] * key[d];
        return factor != nullptr ? sum * factor[0] : sum;
      case Score::concat: {
        const Real inner = factor != nullptr ? factor[0] : Real{1};
        for (std::int64_t d = 0; d < depth; ++d) sum += std::tanh(inner * (query[d] + key[d]));
        return concat_weight<Real>() * sum;
      }
      case Score::additive:
        for (std::int64_t d = 0; d < depth; ++d)
          sum += (factor != nullptr ? factor[d] : Real{1}) * std::tanh(query[d] + key[d]);
        return sum;
    }
    return sum;
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
    const auto threshold = static_cast<float>(dropout());
    for (std::int64_t i = 0; i < count; ++i) {
      const bool drop = random.uniform(pass.step, static_cast<std::uint64_t>(i)) < threshold;
      factors[i] = drop ? Real{0} : static_cast<Real>(1.0 / (1.0 - dropout()));
    }
    return factors;
  }

  static bool query_counts(const Call& call, std::int64_t row, std::int64_t query) {
    const TensorView& mask = call.inputs[0].mask;
    return !mask || mask.as<std::uint8_t>()[row * mask.shape()[1] + query] != 0;
  }

  template <class Real>
  void run_forward(Pass& pass, Call& call) const {
    const Sizes size = sizes_of(call);
    const TensorView weights = pass.arena.tensor({size.rows, size.queries, size.values}, dtype());
    const Real* factors = dropout_factors<Real>(pass, weights.size());
    const TensorView used =
        factors == nullptr ? weights : pass.arena.tensor(weights.shape(), dtype());
    const TensorView y = pass.arena.tensor({size.rows, size.queries, size.width}, dtype());
    const AttentionMask mask = mask_of(call, size);
    const Real* query = call.inputs[0].data.as<Real>();
    const Real* key = key_of(call).as<Real>();
    const Real* value = call.inputs[1].data.as<Real>();
    pass.runtime.parallel(size.rows, [&](std::int64_t row) {
      for (std::int64_t q = 0; q < size.queries; ++q) {
        const std::int64_t place = row * size.queries + q;
        Real* line = weights.as<Real>() + place * size.values;
        for (std::int64_t v = 0; v < size.values; ++v) {
          line[v] = score_of(query + place * size.depth, key + (row * size.values + v) * size.depth,
                             size.depth);
        }
        mask.softmax(row, q, line);
        Real* taken = used.as<Real>() + place * size.values;
        if (factors != nullptr) {
          for (std::int64_t v = 0; v < size.values; ++v)
            taken[v] = line[v] * factors[place * size.values + v];
        }
        Real* to = y.as<Real>() + place * size.width;
        std::fill_n(to, size.width, Real{0});
        if (!query_counts(call, row, q)) continue;
        for (std::int64_t v = 0; v < size.values; ++v) {
          const Real* from = value + (row * size.values + v) * size.width;
          for (std::int64_t e = 0; e < size.width; ++e) to[e] += taken[v] * from[e];
        }
      }
    });
    call.outputs[0] = {y, call.inputs[0].mask};
    if (call.flags.return_attention_scores) call.outputs[1] = {used, {}};
    if (call.tape != nullptr) (*call.tape)[weights_place] = weights;
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
    Real* lines = arena.array<Real>(size.rows * size.values);

    const Real* query = call.inputs[0].data.as<Real>();
    const Real* key = key_of(call).as<Real>();
    const Real* value = call.inputs[1].data.as<Real>();
    pass.runtime.parallel(size.rows, [&](std::int64_t row) {
      Real* flow = lines + row * size.values;
      Real* d_own = partial + row * all;
      for (std::int64_t q = 0; q < size.queries; ++q) {
        const std::int64_t place = row * size.queries + q;
        const Real* line = weights.as<Real>() + place * size.values;
        const Real* dropped = factors == nullptr ? nullptr : factors + place * size.values;
        const bool counts = query_counts(call, row, q) && gradient.outputs[0];
        for (std::int64_t v = 0; v < size.values; ++v) {
          Real sum{0};
          const std::int64_t at = row * size.values + v;
          if (counts) {
            const Real* dy = gradient.outputs[0].template as<Real>() + place * size.width;
            const Real used = dropped == nullptr ? line[v] : line[v] * dropped[v];
            Real* dv = d_value.as<Real>() + at * size.width;
            for (std::int64_t e = 0; e < size.width; ++e) {
              sum += dy[e] * value[at * size.width + e];
              dv[e] += used * dy[e];
            }
          }
          if (gradient.outputs.size() > 1 && gradient.outputs[1])
            sum += gradient.outputs[1].template as<Real>()[place * size.values + v];
          flow[v] = dropped == nullptr ? sum : sum * dropped[v];
        }
        softmax_backward(size.values, line, flow);
        for (std::int64_t v = 0; v < size.values; ++v) {
          score_back(query + place * size.depth, key + (row * size.values + v) * size.depth,
                     size.depth, flow[v], d_query.as<Real>() + place * size.depth,
                     d_key.as<Real>() + (row * size.values + v) * size.depth, d_own);
        }
      }
    });
    if (trainable()) {
      for (std::int64_t row = 0; row < size.rows; ++row) {
        for (std::int64_t i = 0; i < all; ++i) {
          const bool of_concat = i == own;
          const Parameter& parameter = parameters_[of_concat && use_scale() ? 1U : 0U];
          parameter.gradient.as<Real>()[of_concat ? 0 : i] += partial[row * all + i];
        }
      }
    }
    if (gradient.wanted[0]) gradient.inputs[0] = d_query;
    if (gradient.wanted[1]) gradient.inputs[1] = d_value;
    if (key_input == 2 && gradient.wanted[2]) gradient.inputs[2] = d_key;
  }

  // d_own: the scale's, then the concat_score_weight's.
  template <class Real>
  void score_back(const Real* query, const Real* key, std::int64_t depth, Real flow, Real* d_query,
                  Real* d_key, Real* d_own) const {
    const Real* factor = scale<Real>();
    if (score() == Score::dot) {
      const Real inner = factor != nullptr ? factor[0] : Real{1};
      for (std::int64_t d = 0; d < depth; ++d) {
        d_query[d] += flow * inner * key[d];
        d_key[d] += flow * inner * query[d];
        if (factor != nullptr) d_own[0] += flow * query[d] * key[d];
      }
      return;
    }
    const bool concat = score() == Score::concat;
    const Real outer = concat ? concat_weight<Real>() : Real{1};
    for (std::int64_t d = 0; d < depth; ++d) {
      const Real inner = concat && factor != nullptr ? factor[0] : Real{1};
      const Real gain = concat || factor == nullptr ? outer : factor[d];
      const Real sum = query[d] + key[d];
      const Real bent = std::tanh(inner * sum);
      const Real slope = flow * gain * (Real{1} - bent * bent);
      d_query[d] += slope * inner;
      d_key[d] += slope * inner;
      if (concat) {
        if (factor != nullptr) d_own[0] += slope * sum;
        d_own[factor != nullptr ? 1 : 0] += flow * bent;
      } else if (factor != nullptr) {
        d_own[d] += flow * bent;
      }
    }
  }

 protected:
  std::uint64_t drawn_seed_ = next_seed();
};

class AttentionLayer final : public AttentionBase {
 public:
  explicit AttentionLayer(const layers::AttentionOptions& options) : options_(options) {
    take_common(options_);
  }
  std::string_view class_name() const override { return "Attention"; }
  LayerPtr clone() const override { return clone_of(*this); }
  void fields(FieldVisitor& visitor) override {
    visitor.field("use_scale", options_.use_scale);
    visitor.field("score_mode", options_.score_mode);
    visitor.field("dropout", options_.dropout);
    visitor.field("seed", options_.seed);
  }
  void validate() const override {
    static constexpr std::array<std::string_view, 2> modes{"dot", "concat"};
    if (std::find(modes.begin(), modes.end(), options_.score_mode) == modes.end())
      unknown_name("score_mode", options_.score_mode, modes);
    validate_dropout();
  }

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

  layers::AttentionOptions options_;
};

class AdditiveAttentionLayer final : public AttentionBase {
 public:
  explicit AdditiveAttentionLayer(const layers::AdditiveAttentionOptions& options)
      : options_(options) {
    take_common(options_);
  }
  std::string_view class_name() const override { return "AdditiveAttention"; }
  LayerPtr clone() const override { return clone_of(*this); }
  void fields(FieldVisitor& visitor) override {
    visitor.field("use_scale", options_.use_scale);
    visitor.field("dropout", options_.dropout);
    visitor.field("seed", options_.seed);
  }
  void validate() const override { validate_dropout(); }

 private:
  void build_weights(std::span<const Shape> inputs) override {
    check_shapes(inputs);
    if (options_.use_scale) add_weight("scale", {inputs[0][2]}, {.initializer = "glorot_uniform"});
  }
  Score score() const override { return Score::additive; }
  bool use_scale() const override { return options_.use_scale; }
  double dropout() const override { return options_.dropout; }
  std::optional<std::int64_t> seed() const override { return options_.seed; }

  layers::AdditiveAttentionOptions options_;
};

}  // namespace

LayerPtr layers::Attention(const AttentionOptions& options) {
  return make_valid<AttentionLayer>(options);
}
LayerPtr layers::AdditiveAttention(const AdditiveAttentionOptions& options) {
  return make_valid<AdditiveAttentionLayer>(options);
}
LayerPtr make_attention() { return std::make_shared<AttentionLayer>(layers::AttentionOptions{}); }
LayerPtr make_additive_attention() {
  return std::make_shared<AdditiveAttentionLayer>(layers::AdditiveAttentionOptions{});
}

}  // namespace chronicler
