#include "chronicler/layers/lstm.h"

#include <array>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "kernels/lstm.h"
#include "layers/core/kernel_activation.h"
#include "layers/core/layer_with.h"
#include "layers/core/weights_from_file.h"
#include "layers/recurrent/chrono.h"
#include "layers/recurrent/lstm_variant.h"
#include "layers/recurrent/recurrent.h"
#include "layers/recurrent/step_loop.h"

namespace chronicler {
namespace {

constexpr std::int64_t gates = 4;  // input, forget, candidate, output

class LSTMLayer final : public LayerWith<LSTMLayer, layers::LSTMOptions, RecurrentLayer> {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "LSTM"; }

  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    std::vector<Shape> shapes = RecurrentLayer::output_shapes(inputs);
    shapes[0].set(-1, hidden_size(options_));
    if (options_.return_state) shapes[1].set(-1, hidden_size(options_));
    return shapes;
  }
  State initial_state(std::int64_t batch) const override {
    return {Tensor({batch, hidden_size(options_)}, dtype()),
            Tensor({batch, options_.units}, dtype())};
  }
  void check_inputs(std::span<const Value> inputs) const override {
    if (options_.projection == 0 || inputs.size() != 3) {
      RecurrentLayer::check_inputs(inputs);
      return;
    }
    RecurrentLayer::check_inputs(inputs.first(1));
    const std::array<Shape, 2> states = state_shapes(inputs[0].data.shape()[0]);
    for (std::size_t i = 0; i < states.size(); ++i) {
      const Shape& got = inputs[1 + i].data.shape();
      if (got == states[i]) continue;
      throw Error(fmt::format("{}: initial state {} must be {}, got {}", described(), i,
                              states[i].to_string(), got.to_string()));
    }
  }

  bool runs_by_steps() const override {
    return is_variant(options_) || RecurrentLayer::runs_by_steps();
  }

  std::optional<KeptSteps> kept_steps(std::span<const Shape> inputs) const override {
    if (!is_variant(options_)) return RecurrentLayer::kept_steps(inputs);
    return loop_kept_steps(variant(), state_shapes(inputs[0][0]), inputs[0], dtype());
  }

  void forward(Pass& pass, Call& call) const override {
    if (!is_variant(options_)) {
      RecurrentLayer::forward(pass, call);
      return;
    }
    sequence_forward(pass, variant(), loop_flags(), state_shapes(call.inputs[0].data.shape()[0]),
                     call);
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    if (!is_variant(options_)) {
      RecurrentLayer::backward(pass, call, gradient);
      return;
    }
    sequence_backward(pass, variant(), loop_flags(), call, gradient);
  }

 private:
  void build_weights(std::span<const Shape> inputs) override {
    build_checks(inputs);
    add_recurrent_weights(inputs, gates, {gates * options_.units}, options_,
                          without_chrono(options_.bias_initializer), hidden_size(options_));
    if (options_.use_bias) start_biases(inputs[0]);
    const std::int64_t units = options_.units;
    if (options_.peepholes)
      add_weight("peephole_kernel", {3, units}, {options_.kernel_initializer});
    if (options_.projection > 0)
      add_weight("projection_kernel", {units, options_.projection}, {options_.kernel_initializer});
    if (!options_.layer_normalization) return;
    add_weight("kernel_gamma", {gates * units}, {"ones"});
    add_weight("recurrent_gamma", {gates * units}, {"ones"});
    add_weight("cell_gamma", {units}, {"ones"});
    add_weight("cell_beta", {units}, {"zeros"});
  }

  LSTMVariantCell variant() const {
    return {options_, parameters_, dtype(), learns(), drawn_seed()};
  }
  std::array<Shape, 2> state_shapes(std::int64_t batch) const {
    return {Shape{batch, hidden_size(options_)}, Shape{batch, options_.units}};
  }
  LoopFlags loop_flags() const {
    return {options_.return_sequences, options_.return_state, options_.go_backwards,
            options_.zero_output_for_mask};
  }

  // Jozefowicz, Zaremba and Sutskever 2015: a forget gate that starts open lets gradients through
  // from the first step. Chrono opens it further.
  void start_biases(const Shape& input) {
    const std::int64_t units = options_.units;
    Parameter& bias = parameters_.back();
    if (options_.unit_forget_bias) bias.value.part(units, {units}).fill(1.0);
    bias.initializer = options_.bias_initializer;
    if (WeightsFromFile::expected()) return;
    start_gates(options_.bias_initializer, {bias.value, units, 1, 0}, input, described());
  }

  Common common() const override { return common_of(options_); }
  int state_count() const override { return 2; }
  std::optional<StepEquation> step_equation() const override {
    if (is_variant(options_)) return std::nullopt;
    return StepEquation{gates, {{0, 0}, {1, 1}, {2, 2}, {3, 3}}, kernels::lstm_step};
  }
  std::optional<SnapCell::Kind> learned_cell() const override {
    if (is_variant(options_)) return std::nullopt;
    return SnapCell::Kind::lstm;
  }
  const kernels::CellKernels<float>& cell(kernels::Recurrence<float>& run) const override {
    return configure(run);
  }
  const kernels::CellKernels<double>& cell(kernels::Recurrence<double>& run) const override {
    return configure(run);
  }
  template <class Real>
  const kernels::CellKernels<Real>& configure(kernels::Recurrence<Real>& run) const {
    run.activation = kernel_activation(options_.activation);
    run.recurrent_activation = kernel_activation(options_.recurrent_activation);
    return kernels::lstm<Real>();
  }
};

}  // namespace

LayerPtr layers::LSTM(const LSTMOptions& options) { return make_valid<LSTMLayer>(options); }

}  // namespace chronicler
