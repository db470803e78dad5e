#include "chronicler/layers/slstm.h"

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "kernels/slstm.h"
#include "layers/core/kernel_activation.h"
#include "layers/core/layer_with.h"
#include "layers/recurrent/recurrent.h"

namespace chronicler {
namespace {

constexpr std::int64_t gates = 4;  // input, forget, candidate, output

class SLSTMLayer final : public LayerWith<SLSTMLayer, layers::SLSTMOptions, RecurrentLayer> {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "SLSTM"; }

  void validate() const override {
    LayerWith::validate();
    if (options_.units % options_.heads != 0) {
      throw Error(fmt::format("{}: {} units do not fall into {} equal heads", described(),
                              options_.units, options_.heads),
                  "give a number of units that heads divides");
    }
    if (!works_on_rows()) return;
    throw Error(
        fmt::format("{}: its activations work on one number at a time, got {} and {}", described(),
                    options_.activation.name(), options_.recurrent_activation.name()),
        "give others than softmax and log_softmax");
  }

 private:
  void build_weights(std::span<const Shape> inputs) override {
    build_checks(inputs);
    const std::int64_t units = options_.units;
    add_recurrent_weights(inputs, gates, {gates * units}, options_, options_.bias_initializer,
                          units / options_.heads);
    if (options_.use_bias && options_.unit_forget_bias)
      parameters_.back().value.part(units, {units}).fill(1.0);
  }

  Common common() const override { return common_of(options_); }
  int state_count() const override { return 4; }
  std::optional<StepEquation> step_equation() const override {
    return StepEquation{gates,
                        {{0, 0}, {1, 1}, {2, 2}, {3, 3}},
                        kernels::slstm_step,
                        options_.heads,
                        exponential_forget()};
  }
  bool exponential_forget() const { return options_.forget_activation == "exponential"; }

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
    run.heads = options_.heads;
    run.exponential_forget = exponential_forget();
    return kernels::slstm<Real>();
  }
};

}  // namespace

LayerPtr layers::SLSTM(const SLSTMOptions& options) { return make_valid<SLSTMLayer>(options); }

}  // namespace chronicler
