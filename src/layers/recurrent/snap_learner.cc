#include "layers/recurrent/snap_learner.h"

#include "layers/core/dispatch.h"
#include "layers/core/trace_learner.h"

namespace chronicler {
namespace {

std::int64_t sums_of(SnapCell::Kind kind) {
  switch (kind) {
    case SnapCell::Kind::lstm:
      return 4;
    case SnapCell::Kind::gru:
      return 3;
    default:
      return 1;
  }
}

// What the three cells have in common: the products, and the derivatives of the activations.
template <class Real>
class SnapLearner : public TraceLearner<Real> {
 public:
  SnapLearner(const Layer& layer, const SnapCell& cell, State& state, int states)
      : TraceLearner<Real>(cell.units, sums_of(cell.kind), states),
        cell_(cell),
        kernel_(layer.parameters()[0]),
        recurrent_kernel_(layer.parameters()[1]),
        bias_(cell.use_bias ? &layer.parameters()[2] : nullptr),
        hidden_(state[0].as<Real>()),
        features_(kernel_.value.shape()[0]),
        columns_(this->units_ * this->sums_),
        x_(static_cast<std::size_t>(features_)),
        before_(static_cast<std::size_t>(this->units_)),
        sums_of_x_(static_cast<std::size_t>(columns_)),
        sums_of_hidden_(sums_of_x_.size()),
        gates_(sums_of_x_.size()),
        slopes_(sums_of_x_.size()),
        ones_(sums_of_x_.size(), Real{1}) {
    using Kind = typename TraceLearner<Real>::Feeds;
    this->set_input_weights(kernel_);
    this->add_block(kernel_, {0, features_}, x_.data(), Kind::input, layer.trains(0));
    this->add_block(recurrent_kernel_, {0, this->units_}, before_.data(), Kind::hidden,
                    layer.trains(1));
    if (bias_ == nullptr) return;
    this->add_block(*bias_, {0, 1}, ones_.data(), Kind::input, layer.trains(2));
    if (bias_->value.shape().rank() == 2)
      this->add_block(*bias_, {1, 1}, ones_.data(), Kind::hidden, layer.trains(2));
  }

  bool exact() const override { return this->units_ == 1; }
  void reset() noexcept override {
    TraceLearner<Real>::reset();
    std::fill_n(hidden_, this->units_, Real{0});
  }

 protected:
  // sums_of_x = x W + b, sums_of_hidden = h' U (GRU: + b1).
  void make_sums(const Real* x) noexcept {
    using kernels::Start;
    std::copy_n(x, features_, x_.data());
    std::copy_n(hidden_, this->units_, before_.data());
    const Real* bias = bias_ == nullptr ? nullptr : bias_->value.template as<Real>();
    const bool two_rows = bias != nullptr && bias_->value.shape().rank() == 2;
    kernels::gemm(1, columns_, features_, x_.data(), features_, kernel_.value.template as<Real>(),
                  columns_, sums_of_x_.data(), columns_, bias == nullptr ? Start::zero : Start::row,
                  bias);
    kernels::gemm(1, columns_, this->units_, before_.data(), this->units_,
                  recurrent_kernel_.value.template as<Real>(), columns_, sums_of_hidden_.data(),
                  columns_, two_rows ? Start::row : Start::zero,
                  two_rows ? bias + columns_ : nullptr);
  }
  // gates = activation(sums) from sum `first` on, and their slopes.
  void activate(kernels::Activation activation, std::int64_t first, std::int64_t count,
                const Real* sums) noexcept {
    const std::int64_t at = first * this->units_;
    const std::int64_t length = count * this->units_;
    kernels::activate(activation, 1, length, sums + at, gates_.data() + at);
    kernels::activate_backward(activation, 1, length, sums + at, gates_.data() + at, ones_.data(),
                               slopes_.data() + at);
  }
  // Weight of unit u's own hidden value in its sum g.
  Real own_weight(std::int64_t g, std::int64_t u) const {
    return recurrent_kernel_.value.template as<Real>()[u * columns_ + g * this->units_ + u];
  }
  // The same number for every sum of unit u.
  void carry_over(std::size_t which, std::int64_t u, Real value) {
    for (std::int64_t g = 0; g < this->sums_; ++g)
      this->carry_[which][static_cast<std::size_t>(g * this->units_ + u)] = value;
  }

  SnapCell cell_;
  const Parameter& kernel_;
  const Parameter& recurrent_kernel_;
  const Parameter* bias_;
  Real* hidden_;
  std::int64_t features_;
  std::int64_t columns_;
  std::vector<Real> x_;
  std::vector<Real> before_;          // hidden, a step before
  std::vector<Real> sums_of_x_;       // [columns]
  std::vector<Real> sums_of_hidden_;  // [columns]
  std::vector<Real> gates_;           // [columns]
  std::vector<Real> slopes_;          // [columns]  of the activations
  std::vector<Real> ones_;
};

// h = a(x W + h' U + b)
template <class Real>
class SimpleRnnLearner final : public SnapLearner<Real> {
 public:
  SimpleRnnLearner(const Layer& layer, const SnapCell& cell, State& state)
      : SnapLearner<Real>(layer, cell, state, 1) {}

 private:
  void run(const Real* x) noexcept override {
    this->make_sums(x);
    const std::int64_t units = this->units_;
    for (std::int64_t u = 0; u < units; ++u) this->sums_of_x_[u] += this->sums_of_hidden_[u];
    this->activate(this->cell_.activation, 0, 1, this->sums_of_x_.data());
    for (std::int64_t u = 0; u < units; ++u) {
      this->direct_[0][u] = this->slopes_[u];
      this->carry_[0][u] = this->slopes_[u] * this->own_weight(0, u);
      this->hidden_[u] = this->gates_[u];
    }
    this->direct_hidden_[0] = this->direct_[0];
    std::copy_n(this->hidden_, units, this->output_.data());
  }
};

// kernels/lstm.h. State 0 of a unit is c, state 1 is h.
template <class Real>
class LstmLearner final : public SnapLearner<Real> {
 public:
  LstmLearner(const Layer& layer, const SnapCell& cell, State& state)
      : SnapLearner<Real>(layer, cell, state, 2),
        memory_(state[1].as<Real>()),
        shown_memory_(static_cast<std::size_t>(cell.units)),
        shown_slopes_(shown_memory_.size()),
        memory_before_(shown_memory_.size()) {
    this->shown_ = {false, true};
  }
  void reset() noexcept override {
    SnapLearner<Real>::reset();
    std::fill_n(memory_, this->units_, Real{0});
  }

 private:
  enum Gate : std::int64_t { input, forget, candidate, output };

  void run(const Real* x) noexcept override {
    this->make_sums(x);
    const std::int64_t units = this->units_;
    for (std::int64_t n = 0; n < this->columns_; ++n)
      this->sums_of_x_[n] += this->sums_of_hidden_[n];
    const Real* sums = this->sums_of_x_.data();
    this->activate(this->cell_.recurrent_activation, input, 2, sums);
    this->activate(this->cell_.activation, candidate, 1, sums);
    this->activate(this->cell_.recurrent_activation, output, 1, sums);
    const Real* gate = this->gates_.data();
    for (std::int64_t u = 0; u < units; ++u) {
      memory_before_[u] = memory_[u];
      memory_[u] = gate[forget * units + u] * memory_[u] +
                   gate[input * units + u] * gate[candidate * units + u];
    }
    kernels::activate(this->cell_.activation, 1, units, memory_, shown_memory_.data());
    kernels::activate_backward(this->cell_.activation, 1, units, memory_, shown_memory_.data(),
                               this->ones_.data(), shown_slopes_.data());
    for (std::int64_t u = 0; u < units; ++u) {
      this->hidden_[u] = gate[output * units + u] * shown_memory_[u];
      this->output_[u] = this->hidden_[u];
      find_dependence(u);
    }
    this->direct_hidden_ = this->direct_;
  }

  void find_dependence(std::int64_t u) noexcept {
    const std::int64_t units = this->units_;
    const auto gate = [&](Gate g) { return this->gates_[g * units + u]; };
    const auto slope = [&](Gate g) { return this->slopes_[g * units + u]; };
    const Real by_memory = gate(output) * shown_slopes_[u];  // dh/dc
    // dc/d sums and dh/d sums
    const Real of_memory[] = {gate(candidate) * slope(input), memory_before_[u] * slope(forget),
                              gate(input) * slope(candidate), Real{0}};
    const Real of_output = shown_memory_[u] * slope(output);
    Real memory_by_hidden{0};  // dc/dh'
    for (const Gate g : {input, forget, candidate, output}) {
      this->direct_[0][g * units + u] = of_memory[g];
      this->direct_[1][g * units + u] = g == output ? of_output : by_memory * of_memory[g];
      memory_by_hidden += of_memory[g] * this->own_weight(g, u);
    }
    this->carry_over(0, u, gate(forget));
    this->carry_over(1, u, memory_by_hidden);
    this->carry_over(2, u, by_memory * gate(forget));
    this->carry_over(3, u, by_memory * memory_by_hidden + of_output * this->own_weight(output, u));
  }

  Real* memory_;
  std::vector<Real> shown_memory_;  // [units]  a(c)
  std::vector<Real> shown_slopes_;
  std::vector<Real> memory_before_;
};

// kernels/gru.h, reset_after.
template <class Real>
class GruLearner final : public SnapLearner<Real> {
 public:
  GruLearner(const Layer& layer, const SnapCell& cell, State& state)
      : SnapLearner<Real>(layer, cell, state, 1), sums_(static_cast<std::size_t>(this->columns_)) {}

 private:
  enum Gate : std::int64_t { update, reset_gate, candidate };

  void run(const Real* x) noexcept override {
    this->make_sums(x);
    const std::int64_t units = this->units_;
    const Real* of_hidden = this->sums_of_hidden_.data();
    for (std::int64_t n = 0; n < 2 * units; ++n) sums_[n] = this->sums_of_x_[n] + of_hidden[n];
    this->activate(this->cell_.recurrent_activation, update, 2, sums_.data());
    for (std::int64_t u = 0; u < units; ++u) {
      sums_[candidate * units + u] =
          this->sums_of_x_[candidate * units + u] +
          this->gates_[reset_gate * units + u] * of_hidden[candidate * units + u];
    }
    this->activate(this->cell_.activation, candidate, 1, sums_.data());
    for (std::int64_t u = 0; u < units; ++u) {
      const auto gate = [&](Gate g) { return this->gates_[g * units + u]; };
      const auto slope = [&](Gate g) { return this->slopes_[g * units + u]; };
      const Real before = this->before_[u];
      const Real of_candidate = (Real{1} - gate(update)) * slope(candidate);
      const Real of_update = (before - gate(candidate)) * slope(update);
      const Real of_reset = of_candidate * of_hidden[candidate * units + u] * slope(reset_gate);
      this->hidden_[u] = gate(update) * before + (Real{1} - gate(update)) * gate(candidate);
      this->output_[u] = this->hidden_[u];
      for (auto* direct : {&this->direct_[0], &this->direct_hidden_[0]}) {
        (*direct)[update * units + u] = of_update;
        (*direct)[reset_gate * units + u] = of_reset;
      }
      this->direct_[0][candidate * units + u] = of_candidate;
      this->direct_hidden_[0][candidate * units + u] = of_candidate * gate(reset_gate);
      Real carry = gate(update);
      for (const Gate g : {update, reset_gate, candidate})
        carry += this->direct_hidden_[0][g * units + u] * this->own_weight(g, u);
      this->carry_over(0, u, carry);
    }
  }

  std::vector<Real> sums_;  // [columns]  before the activations
};

}  // namespace

std::unique_ptr<LayerLearner> make_snap_learner(const Layer& layer, const SnapCell& cell,
                                                State& state) {
  return with_real(layer.dtype(), [&](auto real) -> std::unique_ptr<LayerLearner> {
    using Real = decltype(real);
    switch (cell.kind) {
      case SnapCell::Kind::lstm:
        return std::make_unique<LstmLearner<Real>>(layer, cell, state);
      case SnapCell::Kind::gru:
        return std::make_unique<GruLearner<Real>>(layer, cell, state);
      default:
        return std::make_unique<SimpleRnnLearner<Real>>(layer, cell, state);
    }
  });
}

}  // namespace chronicler
