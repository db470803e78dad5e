#include "chronicler/layers/gru.h"

#include "kernels/gru.h"
#include "layers/core/kinds.h"
#include "layers/recurrent/recurrent.h"

namespace chronicler {
namespace {

constexpr std::int64_t gates = 3;  // update, reset, candidate

class GRULayer final : public RecurrentLayer {
 public:
  explicit GRULayer(const layers::GRUOptions& options) : options_(options) {
    take_recurrent(options_);
  }

  std::string_view class_name() const override { return "GRU"; }
  LayerPtr clone() const override { return clone_of(*this); }
  const Regularizer& activity_regularizer() const override { return options_.activity_regularizer; }

  void fields(FieldVisitor& visitor) override {
    visit_loop_flags(options_, visitor);
    visitor.field("units", options_.units);
    visitor.field("activation", options_.activation);
    visitor.field("recurrent_activation", options_.recurrent_activation);
    visit_initializers(options_, visitor);
    visit_weight_options(options_, visitor);
    visitor.field("reset_after", options_.reset_after);
    visitor.field("seed", options_.seed);
  }

 private:
  void build_weights(std::span<const Shape> inputs) override {
    build_checks(inputs);
    const std::int64_t columns = gates * options_.units;
    const Shape bias = options_.reset_after ? Shape{2, columns} : Shape{columns};
    add_recurrent_weights(inputs, gates, bias, options_, options_.bias_initializer);
  }

  Common common() const override { return common_of(options_); }
  int state_count() const override { return 1; }
  std::optional<StepEquation> step_equation() const override {
    if (!options_.reset_after) return std::nullopt;
    return StepEquation{gates, {{0, 0}, {1, 1}, {2, -1}, {-1, 2}}, kernels::gru_step};
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

  layers::GRUOptions options_;
};

}  // namespace

LayerPtr layers::GRU(const GRUOptions& options) { return make_valid<GRULayer>(options); }
LayerPtr make_gru() { return std::make_shared<GRULayer>(layers::GRUOptions{}); }

}  // namespace chronicler
