#include "layers/scan/gated_layer.h"

#include <array>
#include <cmath>

#include "chronicler/base/random.h"
#include "layers/core/dispatch.h"
#include "layers/scan/gated_backward.h"
#include "layers/scan/gated_forward.h"
#include "layers/scan/gated_learner.h"
#include "layers/scan/gated_step.h"

namespace chronicler {

GatedEquation GatedLayer::equation() const {
  GatedEquation all{.cell = cell(), .kernel = &parameters_[0]};
  std::size_t place = 1;
  if (has_bias()) all.bias = &parameters_[place++];
  if (has_decay(cell())) all.decay = &parameters_[place];
  return all;
}

std::vector<Shape> GatedLayer::output_shapes(std::span<const Shape> inputs) const {
  const ScanFlags options = flags();
  const Shape state{inputs[0][0], options.units};
  std::vector<Shape> shapes;
  shapes.push_back(options.return_sequences ? Shape{inputs[0][0], inputs[0][1], options.units}
                                            : state);
  if (options.return_state) shapes.push_back(state);
  return shapes;
}

void GatedLayer::check_inputs(std::span<const Value> inputs) const {
  const std::array states{Shape{inputs.empty() ? 0 : inputs[0].data.shape()[0], flags().units}};
  check_scan_inputs([this] { return described(); }, *this, inputs, states);
}

State GatedLayer::initial_state(std::int64_t batch) const {
  State state;
  state.emplace_back(Shape{batch, flags().units}, dtype());
  return state;
}

void GatedLayer::start_gate(std::int64_t gate, double sign, std::optional<std::int64_t> t_max,
                            std::uint64_t seed) {
  const std::int64_t units = flags().units;
  Tensor values = parameters_.back().value.part(gate * units, {units});
  const Random random(seed);
  with_real(dtype(), [&](auto real) {
    using Real = decltype(real);
    for (std::int64_t u = 0; u < units; ++u) {
      double value = 1.0;
      if (t_max) {
        const double draw = random.uniform(0, static_cast<std::uint64_t>(u));
        value = std::log(1.0 + draw * static_cast<double>(*t_max - 2));
      }
      values.as<Real>()[u] = static_cast<Real>(sign * value);
    }
  });
}

std::unique_ptr<LayerStep> GatedLayer::make_step(State& state) const {
  const ScanFlags options = flags();
  if (dtype() != DType::float32 || options.return_state || options.go_backwards) return nullptr;
  return make_gated_step(equation(), state);
}

std::unique_ptr<LayerLearner> GatedLayer::make_learner(State& state) const {
  const ScanFlags options = flags();
  if (options.return_state || options.go_backwards) return nullptr;
  return make_gated_learner(*this, {cell(), options.units, has_bias(), recurrence_exponent}, state);
}

void GatedLayer::forward(Pass& pass, Call& call) const {
  with_real(dtype(),
            [&](auto real) { gated_forward<decltype(real)>(pass, equation(), flags(), call); });
}
void GatedLayer::backward(Pass& pass, const Call& call, CallGradient& gradient) const {
  with_real(dtype(), [&](auto real) {
    gated_backward<decltype(real)>(pass, equation(), flags(), trainable(), call, gradient);
  });
}

}  // namespace chronicler
