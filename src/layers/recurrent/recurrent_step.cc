// A recurrent layer's part of a live stream.
#include <algorithm>
#include <utility>

#include "layers/core/kernel_activation.h"
#include "layers/recurrent/recurrent.h"

namespace chronicler {

// A recurrent layer's step. Its states lie in whole vectors, so that what a step writes the next
// one can read at once.
class RecurrentLayer::Step final : public LayerStep {
 public:
  Step(const RecurrentLayer& layer, StepEquation equation, State& state)
      : layer_(layer), equation_(std::move(equation)), state_(state) {
    const Common options = layer.common();
    run_.units = options.units;
    run_.activation = kernel_activation(*options.activation);
    if (options.recurrent_activation != nullptr)
      run_.recurrent_activation = kernel_activation(*options.recurrent_activation);
    run_.exponential_forget = equation_.exponential_forget;
    Step::take_weights();
    step_ = equation_.step(run_.product.lanes);
    sums_ = Tensor({weights_.columns()});
    run_.sums = sums_.as<float>();
    const auto sum_count = static_cast<std::int64_t>(equation_.sums.size());
    hidden_ = Tensor({weights_.columns() / sum_count});
    run_.hidden = hidden_.as<float>();
    if (state_.size() > 1) {
      cells_ = Tensor(hidden_.shape().with_front(static_cast<std::int64_t>(state_.size()) - 1));
      run_.cell = cells_.as<float>();
      run_.cell_stride = hidden_.size();
    }
    Step::take_state();
  }

  std::int64_t outputs() const override { return run_.units; }
  const float* step(const float* x) noexcept override {
    step_(run_, x);
    return run_.hidden;
  }
  void take_weights() override {
    const auto& weights = layer_.parameters_;
    weights_.take(weights[0].value, weights[1].value,
                  layer_.common().use_bias ? &weights[2].value : nullptr, equation_.gates,
                  equation_.sums, equation_.heads);
    run_.product = weights_.product();
  }
  void use_bfloat16() override {
    weights_.use_bfloat16();
    take_weights();
  }
  void take_state() override {
    for (std::size_t i = 0; i < state_.size(); ++i)
      std::copy_n(state_[i].as<float>(), run_.units, place_of(i));
  }
  void give_state() override {
    for (std::size_t i = 0; i < state_.size(); ++i)
      std::copy_n(place_of(i), run_.units, state_[i].as<float>());
  }

 private:
  float* place_of(std::size_t state) {
    if (state == 0) return run_.hidden;
    return run_.cell + (static_cast<std::int64_t>(state) - 1) * run_.cell_stride;
  }

  const RecurrentLayer& layer_;
  StepEquation equation_;
  State& state_;
  kernels::StepCell run_;
  kernels::CellStep step_ = nullptr;
  StepWeights weights_;
  Tensor sums_, hidden_, cells_;
};

std::unique_ptr<LayerStep> RecurrentLayer::make_step(State& state) const {
  const Common options = common();
  std::optional<StepEquation> equation = step_equation();
  if (!equation || dtype() != DType::float32 || options.return_state || options.go_backwards ||
      works_on_rows())
    return nullptr;
  return std::make_unique<Step>(*this, *std::move(equation), state);
}

std::unique_ptr<LayerLearner> RecurrentLayer::make_learner(State& state) const {
  const Common options = common();
  const std::optional<SnapCell::Kind> kind = learned_cell();
  if (!kind || options.return_state || options.go_backwards || works_on_rows()) return nullptr;
  SnapCell cell{*kind, options.units, kernel_activation(*options.activation), {}, options.use_bias};
  if (options.recurrent_activation != nullptr)
    cell.recurrent_activation = kernel_activation(*options.recurrent_activation);
  return make_snap_learner(*this, cell, state);
}

}  // namespace chronicler
