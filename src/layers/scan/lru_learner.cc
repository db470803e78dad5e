#include "layers/scan/lru_learner.h"

#include <cmath>

#include "layers/core/dispatch.h"
#include "layers/core/trace_learner.h"

namespace chronicler {
namespace {

// Sums of a number of the state: the real and the imaginary part of x B, then nu, theta and gamma.
enum Sum : std::int64_t { real_part, imaginary_part, nu, theta, gamma, sums };

template <class Real>
class LruLearner final : public TraceLearner<Real> {
 public:
  LruLearner(const Layer& layer, const LruLearnerSizes& sizes, State& state)
      : TraceLearner<Real>(sizes.state_size, sums, 2),
        sizes_(sizes),
        weights_(layer.parameters()),
        kernel_(layer.parameters()[0]),
        output_kernel_(layer.parameters()[4]),
        skip_(sizes.use_skip ? &layer.parameters()[5] : nullptr),
        bias_(sizes.use_bias ? &layer.parameters()[sizes.use_skip ? 6 : 5] : nullptr),
        learns_output_(layer.trains(4)),
        hidden_{state[0].as<Real>(), state[1].as<Real>()},
        last_(state[2].as<Real>()),
        x_(static_cast<std::size_t>(kernel_.value.shape()[0])),
        projections_(static_cast<std::size_t>(2 * sizes.state_size)),
        joined_(projections_.size()),
        joined_losses_(projections_.size()) {
    using Kind = typename TraceLearner<Real>::Feeds;
    this->output_.assign(static_cast<std::size_t>(sizes.units), Real{0});
    this->shown_ = {true, true};
    this->set_input_weights(kernel_);
    this->add_block(kernel_, {0, static_cast<std::int64_t>(x_.size())}, x_.data(), Kind::input,
                    layer.trains(0));
    for (const Sum sum : {nu, theta, gamma}) {
      const auto index = static_cast<std::size_t>(sum) - 1;
      this->add_block(layer.parameters()[index], {0, 1, sum}, &one_, Kind::input,
                      layer.trains(index));
    }
  }

  bool exact() const override { return true; }
  void reset() noexcept override {
    TraceLearner<Real>::reset();
    for (Real* part : hidden_) std::fill_n(part, this->units_, Real{0});
    std::fill_n(last_, sizes_.units, Real{0});
  }

 private:
  void run(const Real* x) noexcept override {
    using kernels::Start;
    const std::int64_t features = kernel_.value.shape()[0];
    const std::int64_t numbers = this->units_;
    std::copy_n(x, features, x_.data());
    kernels::gemm(1, 2 * numbers, features, x_.data(), features, kernel_.value.template as<Real>(),
                  2 * numbers, projections_.data(), 2 * numbers, Start::zero);
    for (std::int64_t n = 0; n < numbers; ++n) step_number(n);
    const Real* bias = bias_ == nullptr ? nullptr : bias_->value.template as<Real>();
    kernels::gemm(1, sizes_.units, 2 * numbers, joined_.data(), 2 * numbers,
                  output_kernel_.value.template as<Real>(), sizes_.units, this->output_.data(),
                  sizes_.units, bias == nullptr ? Start::zero : Start::row, bias);
    if (skip_ != nullptr) {
      kernels::gemm(1, sizes_.units, features, x_.data(), features,
                    skip_->value.template as<Real>(), sizes_.units, this->output_.data(),
                    sizes_.units, Start::accumulate);
    }
    std::copy_n(this->output_.data(), sizes_.units, last_);
  }

  void step_number(std::int64_t n) noexcept {
    const std::int64_t numbers = this->units_;
    const Real speed = std::exp(weights_[1].value.template as<Real>()[n]);
    const Real angle = std::exp(weights_[2].value.template as<Real>()[n]);
    const Real scale = std::exp(weights_[3].value.template as<Real>()[n]);
    const Real size = std::exp(-speed);
    const Real lambda_real = size * std::cos(angle);
    const Real lambda_imaginary = size * std::sin(angle);
    const Real turned_real = lambda_real * hidden_[0][n] - lambda_imaginary * hidden_[1][n];
    const Real turned_imaginary = lambda_imaginary * hidden_[0][n] + lambda_real * hidden_[1][n];
    const Real added_real = scale * projections_[n];
    const Real added_imaginary = scale * projections_[numbers + n];
    const auto set = [&](Sum sum, Real of_real, Real of_imaginary) {
      this->direct_[0][sum * numbers + n] = of_real;
      this->direct_[1][sum * numbers + n] = of_imaginary;
    };
    set(real_part, scale, Real{0});
    set(imaginary_part, Real{0}, scale);
    set(nu, -speed * turned_real, -speed * turned_imaginary);
    set(theta, -angle * turned_imaginary, angle * turned_real);
    set(gamma, added_real, added_imaginary);
    for (std::int64_t sum = 0; sum < sums; ++sum) {
      const std::int64_t at = sum * numbers + n;
      this->carry_[0][at] = lambda_real;
      this->carry_[1][at] = -lambda_imaginary;
      this->carry_[2][at] = lambda_imaginary;
      this->carry_[3][at] = lambda_real;
    }
    hidden_[0][n] = joined_[n] = turned_real + added_real;
    hidden_[1][n] = joined_[numbers + n] = turned_imaginary + added_imaginary;
  }

  // What reads the state out learns at once: it has no memory.
  void spread_loss(const Real* dy) noexcept override {
    const std::int64_t numbers = this->units_;
    kernels::gemv(2 * numbers, sizes_.units, output_kernel_.value.template as<Real>(), sizes_.units,
                  dy, Real{0}, joined_losses_.data());
    for (std::int64_t sum = 0; sum < sums; ++sum) {
      std::copy_n(joined_losses_.data(), numbers, this->loss_[0].data() + sum * numbers);
      std::copy_n(joined_losses_.data() + numbers, numbers, this->loss_[1].data() + sum * numbers);
    }
    if (!learns_output_) return;
    add_outer(joined_, dy, output_kernel_);
    if (skip_ != nullptr) add_outer(x_, dy, *skip_);
    if (bias_ == nullptr) return;
    Real* gradient = bias_->gradient.template as<Real>();
    for (std::int64_t u = 0; u < sizes_.units; ++u) gradient[u] += dy[u];
  }
  void add_outer(const std::vector<Real>& rows, const Real* dy, const Parameter& weight) noexcept {
    kernels::gemm_outer(static_cast<std::int64_t>(rows.size()), sizes_.units, 1, rows.data(),
                        static_cast<std::int64_t>(rows.size()), dy, sizes_.units,
                        weight.gradient.template as<Real>(), sizes_.units);
  }
  void add_input_gradient(const Real* dy, Real* dx) noexcept override {
    if (skip_ == nullptr) return;
    const Real* skip = skip_->value.template as<Real>();
    for (std::size_t f = 0; f < x_.size(); ++f) {
      for (std::int64_t u = 0; u < sizes_.units; ++u)
        dx[f] += skip[static_cast<std::int64_t>(f) * sizes_.units + u] * dy[u];
    }
  }

  LruLearnerSizes sizes_;
  const ParameterList& weights_;
  const Parameter& kernel_;
  const Parameter& output_kernel_;
  const Parameter* skip_;
  const Parameter* bias_;
  bool learns_output_;
  std::array<Real*, 2> hidden_;  // real parts, imaginary parts
  Real* last_;
  std::vector<Real> x_;
  std::vector<Real> projections_;    // [2N]  x B
  std::vector<Real> joined_;         // [2N]  the state
  std::vector<Real> joined_losses_;  // [2N]  dLoss/d state
  Real one_{1};
};

}  // namespace

std::unique_ptr<LayerLearner> make_lru_learner(const Layer& layer, const LruLearnerSizes& sizes,
                                               State& state) {
  return with_real(layer.dtype(), [&](auto real) -> std::unique_ptr<LayerLearner> {
    return std::make_unique<LruLearner<decltype(real)>>(layer, sizes, state);
  });
}

}  // namespace chronicler
