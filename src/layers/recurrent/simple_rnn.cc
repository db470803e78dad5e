#include "chronicler/layers/simple_rnn.h"

#include "kernels/simple_rnn.h"
#include "layers/core/kinds.h"
#include "layers/recurrent/recurrent.h"

namespace chronicler {
namespace {

class SimpleRNNLayer final : public RecurrentLayer {
 public:
  explicit SimpleRNNLayer(const layers::SimpleRNNOptions& options) : options_(options) {
    take_recurrent(options_);
  }

  std::string_view class_name() const override { return "SimpleRNN"; }
  LayerPtr clone() const override { return clone_of(*this); }
  const Regularizer& activity_regularizer() const override { return options_.activity_regularizer; }

  void fields(FieldVisitor& visitor) override {
    visit_loop_flags(options_, visitor);
    visitor.field("units", options_.units);
    visitor.field("activation", options_.activation);
    visit_initializers(options_, visitor);
    visit_weight_options(options_, visitor);
    visitor.field("seed", options_.seed);
  }

 private:
  void build_weights(std::span<const Shape> inputs) override {
    build_checks(inputs);
    add_recurrent_weights(inputs, 1, {options_.units}, options_, options_.bias_initializer);
  }

  Common common() const override { return common_of(options_); }
  int state_count() const override { return 1; }
  std::optional<StepEquation> step_equation() const override {
    return StepEquation{1, {{0, 0}}, kernels::simple_rnn_step};
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
    return kernels::simple_rnn<Real>();
  }

  layers::SimpleRNNOptions options_;
};

}  // namespace

LayerPtr layers::SimpleRNN(const SimpleRNNOptions& options) {
  return make_valid<SimpleRNNLayer>(options);
}
LayerPtr make_simple_rnn() { return std::make_shared<SimpleRNNLayer>(layers::SimpleRNNOptions{}); }

}  // namespace chronicler
