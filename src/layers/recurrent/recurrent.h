// What SimpleRNN, LSTM and GRU have in common: all that is not an equation.
#pragma once

#include <optional>

#include "chronicler/layers/layer.h"
#include "kernels/recurrence.h"
#include "layers/core/step.h"
#include "layers/recurrent/snap_learner.h"

namespace chronicler {

template <class Real>
struct SegmentedRun;

// Masks, direction, sequences or last output, states in and out, dropout factors, the cut of a
// batch into slices and of its steps into segments. A derived class has the options, the weights
// and the kernels of one cell.
class RecurrentLayer : public Layer {
 public:
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override;
  void forward(Pass& pass, Call& call) const override;
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override;
  void check_inputs(std::span<const Value> inputs) const override;
  State initial_state(std::int64_t batch) const override;
  std::unique_ptr<LayerStep> make_step(State& state) const override;
  std::unique_ptr<LayerLearner> make_learner(State& state) const override;
  std::size_t state_size() const override { return static_cast<std::size_t>(state_count()); }
  bool stateful() const override { return common().stateful; }
  bool causal() const override { return !common().go_backwards; }
  std::string weight_path(std::size_t index) const override;
  std::uint64_t* seed_place() override { return &drawn_seed_; }
  std::optional<KeptSteps> kept_steps(std::span<const Shape> inputs) const override;
  // Steps whose part in the gradients of the weights is summed in one go (summed_steps), for so
  // many rows; 1 for a layer that runs step by step.
  std::int64_t steps_summed(std::int64_t rows) const;

  // ---- A call, some of its steps at a time: for who runs the layers of a stack side by side.
  //
  // Not for a layer that runs_by_steps(). A step's number is its place in the order in which the
  // layer goes: step 0 of one that goes backwards is the last in time.
  struct Segments {
    std::int64_t steps = 0;
    std::int64_t steps_summed = 0;
    bool keeps_all = true;  // else (Pass::keep_bytes) forward and backward alone can run the call
  };
  virtual bool runs_by_steps() const { return works_on_rows(); }

  // Takes all memory of the call from the arena, lays out the weights, and sets data and masks of
  // the sequence of outputs, whose numbers are written later.
  Segments& begin_forward(Pass& pass, Call& call) const;
  // Steps [begin, end), which begin where the last ones ended. Reads these steps of the input, and
  // writes these of the sequence of outputs. Takes nothing from the arena; different layers may do
  // this at the same time.
  void forward_steps(Pass& pass, Segments& segments, kernels::Range steps) const;
  // After the last step: the other outputs, carried states and the tape.
  void end_forward(Pass& pass, Call& call, Segments& segments) const;

  // Takes all memory of the way back, and sets gradient.inputs[0], if it is wanted, whose numbers
  // are written later. The gradients of states, and of an output of the last step alone, are read
  // now.
  Segments& begin_backward(Pass& pass, const Call& call, CallGradient& gradient) const;
  // Steps [begin, end), which end where the last ones began (first: at the end of the sequence),
  // and begin at a multiple of steps_summed. Reads these steps of the gradient of a sequence of
  // outputs and writes these of the input's; adds their part to the gradients of the weights.
  void backward_steps(Pass& pass, Segments& segments, kernels::Range steps) const;
  // After step 0: the gradients of the initial states.
  void end_backward(const Call& call, CallGradient& gradient, Segments& segments) const;

  // Of so many slots of a tape, those that a run without one goes round in.
  static std::int64_t brief_tape(std::int64_t slots, std::int64_t rows);

  // For a layer that runs the cell of an RNN: dropout follows the cell's seed from now on, and the
  // weights learn while both of them do. Nothing has to be written here during a run.
  void follow(const Layer& loop, const Layer& cell, const std::uint64_t& seed) {
    leaders_ = {&loop, &cell, &seed};
  }

 protected:
  // The options that all recurrent layers have, gathered from a layer's own option struct.
  struct Common {
    std::int64_t units;
    const Activation* activation;
    const Activation* recurrent_activation;  // null: the cell has no gates
    bool use_bias;
    bool return_sequences;
    bool return_state;
    bool go_backwards;
    bool stateful;
    bool zero_output_for_mask;
    double dropout;
    double recurrent_dropout;
    std::optional<std::int64_t> seed;
    bool reset_after;  // of a GRU
  };
  virtual Common common() const = 0;
  virtual int state_count() const = 0;  // h, and the cells of the kernels
  // Fills in what belongs to the cell (activations, reset_after) and returns its kernels.
  virtual const kernels::CellKernels<float>& cell(kernels::Recurrence<float>& run) const = 0;
  virtual const kernels::CellKernels<double>& cell(kernels::Recurrence<double>& run) const = 0;

  // What a live stream runs: the sums of a step, and the kernel that makes the next state.
  struct StepEquation {
    std::int64_t gates;
    std::vector<StepWeights::Sum> sums;
    kernels::CellStep (*step)(std::int64_t lanes);
    std::int64_t heads = 1;
    bool exponential_forget = false;
  };
  // Empty if the cell with these options has no such form.
  virtual std::optional<StepEquation> step_equation() const = 0;
  // What learns along a stream; empty: the cell with these options does not.
  virtual std::optional<SnapCell::Kind> learned_cell() const { return std::nullopt; }

  template <class Options>
  static Common common_of(const Options& options) {
    const Activation* recurrent_activation = nullptr;
    if constexpr (requires { options.recurrent_activation; })
      recurrent_activation = &options.recurrent_activation;
    bool reset_after = false;
    if constexpr (requires { options.reset_after; }) reset_after = options.reset_after;
    return {options.units,        &options.activation,       recurrent_activation,
            options.use_bias,     options.return_sequences,  options.return_state,
            options.go_backwards, options.stateful,          options.zero_output_for_mask,
            options.dropout,      options.recurrent_dropout, options.seed,
            reset_after};
  }
  std::uint64_t drawn_seed() const {
    return leaders_.seed != nullptr ? *leaders_.seed : drawn_seed_;
  }
  bool learns() const {
    return leaders_.seed != nullptr ? leaders_.loop->trainable() && leaders_.cell->trainable()
                                    : trainable();
  }
  // kernel (F, gates * units), recurrent_kernel (hidden, gates * units), bias of the given shape.
  // hidden 0: units.
  template <class Options>
  void add_recurrent_weights(std::span<const Shape> inputs, std::int64_t gates, const Shape& bias,
                             const Options& options, const Initializer& bias_initializer,
                             std::int64_t hidden = 0) {
    add_weight("kernel", {inputs[0][2], gates * options.units},
               {options.kernel_initializer, options.kernel_regularizer, options.kernel_constraint});
    add_weight("recurrent_kernel", {hidden > 0 ? hidden : options.units, gates * options.units},
               {options.recurrent_initializer, options.recurrent_regularizer,
                options.recurrent_constraint});
    if (options.use_bias) {
      add_weight("bias", bias,
                 {bias_initializer, options.bias_regularizer, options.bias_constraint});
    }
  }
  void build_checks(std::span<const Shape> inputs) const;

  // Whether an activation works on whole rows: then the layer runs step by step (row_cell.h).
  bool works_on_rows() const;

 private:
  class Step;

  KeptSteps kept_of_kernels(std::span<const Shape> inputs) const;
  void run_forward(Pass& pass, Call& call) const;
  void run_backward(Pass& pass, const Call& call, CallGradient& gradient) const;
  template <class Real>
  kernels::Recurrence<Real> describe_run(const TensorView& x) const;
  template <class Real>
  void draw_dropout(Pass& pass, kernels::Recurrence<Real>& run, std::int64_t gates) const;
  template <class Real>
  SegmentedRun<Real>& begin_run(Pass& pass, Call& call) const;
  template <class Real>
  void end_run(Pass& pass, Call& call, SegmentedRun<Real>& segments) const;
  template <class Real>
  SegmentedRun<Real>& begin_run_back(Pass& pass, const Call& call, CallGradient& gradient) const;

  std::uint64_t drawn_seed_ = next_seed();  // for dropout, unless the options give a seed
  struct Leaders {
    const Layer* loop = nullptr;
    const Layer* cell = nullptr;
    const std::uint64_t* seed = nullptr;
  };
  Leaders leaders_;  // see follow
};

}  // namespace chronicler
