// What MinGRU, MinLSTM and RGLRU have in common: all that is not an equation.
#pragma once

#include "chronicler/layers/layer.h"
#include "layers/scan/gated_run.h"

namespace chronicler {

// Projections of all steps as one product, and a scan over them (kernels/gated_scan.h), block by
// block. A derived class has the options and the weights: kernel, then the bias, if it has one,
// then the decay, if the cell has one.
class GatedLayer : public Layer {
 public:
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override;
  void forward(Pass& pass, Call& call) const override;
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override;
  void check_inputs(std::span<const Value> inputs) const override;
  State initial_state(std::int64_t batch) const override;
  std::unique_ptr<LayerStep> make_step(State& state) const override;
  std::unique_ptr<LayerLearner> make_learner(State& state) const override;
  std::size_t state_size() const override { return 1; }
  bool stateful() const override { return flags().stateful; }
  bool causal() const override { return !flags().go_backwards; }
  std::uint64_t* seed_place() override { return &drawn_seed_; }

 protected:
  virtual ScanFlags flags() const = 0;
  virtual kernels::GatedCell cell() const = 0;
  virtual bool has_bias() const = 0;

  std::uint64_t drawn_seed() const { return drawn_seed_; }
  // kernel (F, gates * units), bias (gates * units).
  template <class Options>
  void add_gate_weights(std::span<const Shape> inputs, std::int64_t gates, const Options& options) {
    check_scan_shape([this] { return described(); }, inputs);
    add_weight("kernel", {inputs[0][2], gates * options.units},
               {options.kernel_initializer, options.kernel_regularizer, options.kernel_constraint});
    if (options.use_bias) {
      add_weight("bias", {gates * options.units},
                 {options.bias_initializer, options.bias_regularizer, options.bias_constraint});
    }
  }
  // Of the last weight: block `gate` of units starts at `sign` (forget gates: 1) times 1, or with
  // t_max times log(U(1, t_max - 1)) (Tallec and Ollivier 2018). The same draws for the same seed.
  void start_gate(std::int64_t gate, double sign, std::optional<std::int64_t> t_max,
                  std::uint64_t seed);

 private:
  GatedEquation equation() const;

  std::uint64_t drawn_seed_ = next_seed();  // for dropout, unless the options give a seed
};

}  // namespace chronicler
