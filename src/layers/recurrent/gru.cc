#include "chronicler/layers/gru.h"

#include "kernels/gru.h"
#include "layers/core/kernel_activation.h"
#include "layers/core/layer_with.h"
#include "layers/core/weights_from_file.h"
#include "layers/recurrent/chrono.h"
#include "layers/recurrent/recurrent.h"

namespace chronicler {
namespace {

constexpr std::int64_t gates = 3;  // update, reset, candidate

class GRULayer final : public LayerWith<GRULayer, layers::GRUOptions, RecurrentLayer> {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "GRU"; }

 private:
  void build_weights(std::span<const Shape> inputs) override {
    build_checks(inputs);
    const std::int64_t columns = gates * options_.units;
    const Shape bias = options_.reset_after ? Shape{2, columns} : Shape{columns};
    add_recurrent_weights(inputs, gates, bias, options_, without_chrono(options_.bias_initializer));
    if (options_.use_bias) start_biases(inputs[0]);
  }

  // The update gate keeps the state; the bias of the recurrent sums, where there is one, stays 0.
  void start_biases(const Shape& input) {
    Parameter& bias = parameters_.back();
    bias.initializer = options_.bias_initializer;
    if (WeightsFromFile::expected()) return;
    const TensorView row(bias.value.view().raw(), bias.value.dtype(), {gates * options_.units});
    start_gates(options_.bias_initializer, {row, options_.units, 0}, input, described());
  }

  Common common() const override { return common_of(options_); }
  int state_count() const override { return 1; }
  std::optional<StepEquation> step_equation() const override {
    if (!options_.reset_after) return std::nullopt;
    return StepEquation{gates, {{0, 0}, {1, 1}, {2, -1}, {-1, 2}}, kernels::gru_step};
  }
  std::optional<SnapCell::Kind> learned_cell() const override {
    if (!options_.reset_after) return std::nullopt;
    return SnapCell::Kind::gru;
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
    run.reset_after = options_.reset_after;
    return kernels::gru<Real>();
  }
};

}  // namespace

LayerPtr layers::GRU(const GRUOptions& options) { return make_valid<GRULayer>(options); }

}  // namespace chronicler
