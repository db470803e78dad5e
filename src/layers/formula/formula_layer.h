// A formula as a layer: over whole sequences, and what that shares with a single step.
#pragma once

#include <memory>

#include "chronicler/layers/layer.h"
#include "layers/formula/program.h"
#include "layers/recurrent/step_loop.h"

namespace chronicler {

// How a formula is called.
struct FormulaCall {
  const formula::Program* program = nullptr;
  const ParameterList* weights = nullptr;
  std::int64_t units = 0;
  DType dtype = DType::float32;
  LoopFlags flags = {};
  bool learns = false;
};

// x (B, T, F) and optionally the initial states, else those that are carried, else zeros.
void formula_forward(Pass& pass, const FormulaCall& how, Call& call);
void formula_backward(Pass& pass, const FormulaCall& how, const Call& call, CallGradient& gradient);
// A step of a stream; null in another type than float32.
std::unique_ptr<LayerStep> make_formula_step(const FormulaCall& how, std::int64_t features,
                                             State& state);

// Not in the catalog: what an RNN runs a Cell with.
class FormulaLayer final : public Layer {
 public:
  FormulaLayer(std::shared_ptr<const formula::Program> program, std::int64_t units,
               const LoopFlags& flags, const Layer& loop, const Layer& cell);

  std::string_view class_name() const override { return "Cell"; }
  LayerPtr clone() const override { return clone_of(*this); }
  void fields(FieldVisitor& /*visitor*/) override {}
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override;
  State initial_state(std::int64_t batch) const override;
  std::size_t state_size() const override { return program_->formula.states.size(); }
  bool causal() const override { return !flags_.go_backwards; }
  void check_inputs(std::span<const Value> inputs) const override;
  void forward(Pass& pass, Call& call) const override;
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override;
  std::unique_ptr<LayerStep> make_step(State& state) const override;
  std::optional<KeptSteps> kept_steps(std::span<const Shape> inputs) const override;

 private:
  FormulaCall how() const;

  std::shared_ptr<const formula::Program> program_;
  std::int64_t units_;
  LoopFlags flags_;
  const Layer* loop_;
  const Layer* cell_;
};

// Throws Error unless every state is (batch, units).
void check_formula_states(const std::string& described, const formula::CellFormula& formula,
                          std::span<const Value> states, std::int64_t batch, std::int64_t units);

}  // namespace chronicler
