#include "layers/scan/gated_learner.h"

#include <cmath>

#include "layers/core/dispatch.h"
#include "layers/core/trace_learner.h"

namespace chronicler {
namespace {

using kernels::GatedCell;

template <class Real>
Real log_sigmoid(Real x) {
  return std::min(x, Real{0}) - std::log1p(std::exp(-std::abs(x)));
}

// kernels/gated_scan.h has the equations. Sum g of unit u is projection p_g; where the cell has a
// decay, that is one sum more.
template <class Real>
class GatedLearner final : public TraceLearner<Real> {
 public:
  GatedLearner(const Layer& layer, const GatedLearnerCell& cell, State& state)
      : TraceLearner<Real>(cell.units,
                           kernels::gates_of(cell.cell) + (has_decay(cell.cell) ? 1 : 0), 1),
        cell_(cell),
        kernel_(layer.parameters()[0]),
        bias_(cell.has_bias ? &layer.parameters()[1] : nullptr),
        decay_(has_decay(cell.cell) ? &layer.parameters()[cell.has_bias ? 2 : 1] : nullptr),
        hidden_(state[0].as<Real>()),
        x_(static_cast<std::size_t>(kernel_.value.shape()[0])),
        projections_(static_cast<std::size_t>(gates() * this->units_)),
        sigmoids_(projections_.size()) {
    using Kind = typename TraceLearner<Real>::Feeds;
    const auto features = static_cast<std::int64_t>(x_.size());
    this->set_input_weights(kernel_);
    this->add_block(kernel_, {0, features}, x_.data(), Kind::input, layer.trains(0));
    if (bias_ != nullptr) this->add_block(*bias_, {0, 1}, &one_, Kind::input, layer.trains(1));
    if (decay_ == nullptr) return;
    this->add_block(*decay_, {0, 1, gates()}, &one_, Kind::input,
                    layer.trains(cell.has_bias ? 2 : 1));
  }

  bool exact() const override { return true; }
  void reset() noexcept override {
    TraceLearner<Real>::reset();
    std::fill_n(hidden_, this->units_, Real{0});
  }

 private:
  std::int64_t gates() const { return kernels::gates_of(cell_.cell); }

  void run(const Real* x) noexcept override {
    using kernels::Start;
    const std::int64_t features = kernel_.value.shape()[0];
    const std::int64_t columns = gates() * this->units_;
    std::copy_n(x, features, x_.data());
    kernels::gemm(1, columns, features, x_.data(), features, kernel_.value.template as<Real>(),
                  columns, projections_.data(), columns,
                  bias_ == nullptr ? Start::zero : Start::row,
                  bias_ == nullptr ? nullptr : bias_->value.template as<Real>());
    kernels::activate(kernels::Activation::sigmoid, 1, columns - this->units_, projections_.data(),
                      sigmoids_.data());
    for (std::int64_t u = 0; u < this->units_; ++u) {
      switch (cell_.cell) {
        case GatedCell::min_gru:
          step_min_gru(u);
          break;
        case GatedCell::min_lstm:
          step_min_lstm(u);
          break;
        default:
          step_rglru(u);
      }
    }
  }

  // What all cells end with: h = a h' + b, and how it depends on a and on the sums.
  void end_step(std::int64_t u, Real a, Real b) noexcept {
    hidden_[u] = a * hidden_[u] + b;
    this->output_[u] = hidden_[u];
    for (std::int64_t g = 0; g < this->sums_; ++g) this->carry_[0][g * this->units_ + u] = a;
  }
  Real& by_sum(std::int64_t gate, std::int64_t u) {
    return this->direct_[0][gate * this->units_ + u];
  }
  Real projection(std::int64_t gate, std::int64_t u) const {
    return projections_[gate * this->units_ + u];
  }
  Real sigmoid(std::int64_t gate, std::int64_t u) const {
    return sigmoids_[gate * this->units_ + u];
  }

  void step_min_gru(std::int64_t u) noexcept {
    const Real z = sigmoid(0, u);
    const Real candidate = projection(1, u);
    by_sum(0, u) = (candidate - hidden_[u]) * z * (Real{1} - z);
    by_sum(1, u) = z;
    end_step(u, Real{1} - z, z * candidate);
  }

  // a = f / (f + i) is the sigmoid of log f - log i, which gates near 0 do not break.
  void step_min_lstm(std::int64_t u) noexcept {
    const Real difference = log_sigmoid(projection(1, u)) - log_sigmoid(projection(0, u));
    const Real a = std::exp(log_sigmoid(difference));
    const Real rest = std::exp(log_sigmoid(-difference));
    const Real candidate = projection(2, u);
    const Real by_difference = (hidden_[u] - candidate) * a * rest;
    by_sum(0, u) = -by_difference * (Real{1} - sigmoid(0, u));
    by_sum(1, u) = by_difference * (Real{1} - sigmoid(1, u));
    by_sum(2, u) = rest;
    end_step(u, a, rest * candidate);
  }

  void step_rglru(std::int64_t u) noexcept {
    const bool negative = cell_.cell == GatedCell::negative_rg_lru;
    const Real decay = decay_->value.template as<Real>()[u];
    const auto factor = static_cast<Real>(cell_.decay_factor);
    const Real most = factor * log_sigmoid(decay);
    const Real recurrence = sigmoid(0, u);
    const Real input = sigmoid(1, u);
    const Real candidate = projection(2, u);
    const Real log_a = recurrence * most;
    const Real power = std::exp(log_a);
    const Real a = negative ? Real{2} * power - Real{1} : power;
    const Real a_by_log = negative ? Real{2} * power : power;
    const Real square =  // 1 - a^2
        negative ? Real{-4} * power * std::expm1(log_a) : -std::expm1(Real{2} * log_a);
    const Real root = std::sqrt(square);
    // At a = +-1 the root has no slope that a number could hold, and b is 0.
    const Real root_by_log = root > Real{0} ? -a / root * a_by_log : Real{0};
    const Real by_log = hidden_[u] * a_by_log + root_by_log * input * candidate;
    by_sum(0, u) = by_log * most * recurrence * (Real{1} - recurrence);
    by_sum(1, u) = root * candidate * input * (Real{1} - input);
    by_sum(2, u) = root * input;
    by_sum(3, u) = by_log * recurrence * factor * std::exp(log_sigmoid(-decay));
    end_step(u, a, root * input * candidate);
  }

  GatedLearnerCell cell_;
  const Parameter& kernel_;
  const Parameter* bias_;
  const Parameter* decay_;
  Real* hidden_;
  std::vector<Real> x_;
  std::vector<Real> projections_;  // [gates][units]
  std::vector<Real> sigmoids_;     // of all but the last
  Real one_{1};
};

}  // namespace

std::unique_ptr<LayerLearner> make_gated_learner(const Layer& layer, const GatedLearnerCell& cell,
                                                 State& state) {
  return with_real(layer.dtype(), [&](auto real) -> std::unique_ptr<LayerLearner> {
    return std::make_unique<GatedLearner<decltype(real)>>(layer, cell, state);
  });
}

}  // namespace chronicler
