#include "layers/scan/lru_step.h"

#include <algorithm>
#include <vector>

#include "layers/scan/lru_factors.h"

namespace chronicler {
namespace {

// The states are worked on where they are.
class LruStep final : public LayerStep {
 public:
  LruStep(const LruEquation& equation, State& state) : equation_(equation), state_(state) {
    run_.steps = 1;
    run_.units = equation.numbers();
    const auto twice = static_cast<std::size_t>(2 * run_.units);
    lambda_.resize(twice);
    gamma_.resize(twice / 2);
    hidden_.resize(twice);
    LruStep::take_weights();
    inputs_.resize(static_cast<std::size_t>(input_.columns()));
    read_.resize(static_cast<std::size_t>(output_.columns()));
    sums_.resize(read_.size());
    run_.inputs = inputs_.data();
    run_.lambda = lambda_.data();
    run_.gamma = gamma_.data();
    run_.hidden = hidden_.data();
  }

  std::int64_t outputs() const override { return equation_.units(); }
  const float* step(const float* x) noexcept override {
    kernels::run_step_product(input_.product(), x, nullptr, inputs_.data());
    run_.real = state_[0].as<float>();
    run_.imaginary = state_[1].as<float>();
    kernels::complex_forward(run_, {0, run_.units});
    kernels::run_step_product(output_.product(), hidden_.data(), nullptr, read_.data());
    const float* y = read_.data();
    if (equation_.skip_kernel != nullptr) {  // the same sums go on
      kernels::StepProduct skip = skip_.product();
      skip.bias = read_.data();
      kernels::run_step_product(skip, x, nullptr, sums_.data());
      y = sums_.data();
    }
    std::copy_n(y, outputs(), state_[2].as<float>());
    return y;
  }
  void take_weights() override {
    input_.take(equation_.kernel->value, nullptr);
    output_.take(equation_.output_kernel->value,
                 equation_.bias == nullptr ? nullptr : &equation_.bias->value);
    if (equation_.skip_kernel != nullptr) skip_.take(equation_.skip_kernel->value, nullptr);
    lru_factors(equation_, lambda_.data(), gamma_.data());
  }
  void use_bfloat16() override {
    input_.use_bfloat16();
    output_.use_bfloat16();
    skip_.use_bfloat16();
    take_weights();
  }

 private:
  LruEquation equation_;
  State& state_;
  kernels::ComplexScan<float> run_;
  StepWeights input_, output_, skip_;
  std::vector<float> lambda_, gamma_, inputs_, hidden_, read_, sums_;
};

}  // namespace

std::unique_ptr<LayerStep> make_lru_step(const LruEquation& equation, State& state) {
  return std::make_unique<LruStep>(equation, state);
}

}  // namespace chronicler
