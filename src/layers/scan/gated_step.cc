#include "layers/scan/gated_step.h"

#include <vector>

namespace chronicler {
namespace {

// The state is worked on where it is.
class GatedStep final : public LayerStep {
 public:
  GatedStep(const GatedEquation& equation, State& state) : equation_(equation), state_(state) {
    run_.cell = equation.cell;
    run_.steps = 1;
    run_.units = equation.width() / kernels::gates_of(equation.cell);
    GatedStep::take_weights();
    sums_.resize(static_cast<std::size_t>(weights_.columns()));
    run_.gates = sums_.data();
  }

  std::int64_t outputs() const override { return run_.units; }
  const float* step(const float* x) noexcept override {
    kernels::run_step_product(weights_.product(), x, nullptr, sums_.data());
    run_.state = state_[0].as<float>();
    kernels::gated_forward(run_, {0, run_.units});
    return run_.state;
  }
  void take_weights() override {
    weights_.take(equation_.kernel->value,
                  equation_.bias == nullptr ? nullptr : &equation_.bias->value);
    if (equation_.decay == nullptr) return;
    decay_.resize(static_cast<std::size_t>(run_.units));
    decay_logs(*equation_.decay, decay_.data());
    run_.decay = decay_.data();
  }
  void use_bfloat16() override {
    weights_.use_bfloat16();
    take_weights();
  }

 private:
  GatedEquation equation_;
  State& state_;
  kernels::GatedScan<float> run_;
  StepWeights weights_;
  std::vector<float> sums_, decay_;
};

}  // namespace

std::unique_ptr<LayerStep> make_gated_step(const GatedEquation& equation, State& state) {
  return std::make_unique<GatedStep>(equation, state);
}

}  // namespace chronicler
