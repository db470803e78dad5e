#include "chronicler/layers/simple_rnn.h"

#include "kernels/simple_rnn.h"
#include "layers/core/kernel_activation.h"
#include "layers/core/layer_with.h"
#include "layers/recurrent/recurrent.h"

namespace chronicler {
namespace {

class SimpleRNNLayer final
    : public LayerWith<SimpleRNNLayer, layers::SimpleRNNOptions, RecurrentLayer> {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "SimpleRNN"; }

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
  std::optional<SnapCell::Kind> learned_cell() const override { return SnapCell::Kind::simple_rnn; }
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
};

}  // namespace

LayerPtr layers::SimpleRNN(const SimpleRNNOptions& options) {
  return make_valid<SimpleRNNLayer>(options);
}

}  // namespace chronicler
