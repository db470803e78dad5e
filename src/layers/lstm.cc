#include "chronicler/layers/lstm.h"

#include "kernels/lstm.h"
#include "layers/kinds.h"
#include "layers/recurrent.h"

namespace chronicler {
namespace {

constexpr std::int64_t gates = 4;  // input, forget, candidate, output

class LSTMLayer final : public RecurrentLayer {
 public:
  explicit LSTMLayer(const layers::LSTMOptions& options) : options_(options) {
    take_recurrent(options_);
  }

  std::string_view class_name() const override { return "LSTM"; }
  LayerPtr clone() const override { return clone_of(*this); }
  const Regularizer& activity_regularizer() const override { return options_.activity_regularizer; }

  void fields(FieldVisitor& visitor) override {
    visit_loop_flags(options_, visitor);
    visitor.field("units", options_.units);
    visitor.field("activation", options_.activation);
    visitor.field("recurrent_activation", options_.recurrent_activation);
    visit_initializers(options_, visitor);
    visitor.field("unit_forget_bias", options_.unit_forget_bias);
    visit_weight_options(options_, visitor);
    visitor.field("seed", options_.seed);
  }

 private:
  void build_weights(std::span<const Shape> inputs) override {
    build_checks(inputs);
    add_recurrent_weights(inputs, gates, {gates * options_.units}, options_,
                          options_.bias_initializer);
    if (options_.use_bias && options_.unit_forget_bias) start_forget_gate_open();
  }

  // Jozefowicz, Zaremba and Sutskever 2015: a forget gate that starts open lets gradients through
  // from the first step.
  void start_forget_gate_open() {
    const std::int64_t units = options_.units;
    parameters_.back().value.part(units, {units}).fill(1.0);
  }

  Common common() const override { return common_of(options_); }
  int state_count() const override { return 2; }
  std::optional<StepEquation> step_equation() const override {
    return StepEquation{gates, {{0, 0}, {1, 1}, {2, 2}, {3, 3}}, kernels::lstm_step()};
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

  layers::LSTMOptions options_;
};

}  // namespace

LayerPtr layers::LSTM(const LSTMOptions& options) { return make_valid<LSTMLayer>(options); }
LayerPtr make_lstm() { return std::make_shared<LSTMLayer>(layers::LSTMOptions{}); }

}  // namespace chronicler
