// The cells of SimpleRNN, LSTM and GRU as layers of their own.
#pragma once

#include "chronicler/layers/layer.h"
#include "layers/recurrent/sequence_cell.h"

namespace chronicler {

// One step of a recurrent layer `core`.
class RecurrentCell final : public Layer, public SequenceCell {
 public:
  // `core` is SimpleRNN, LSTM or GRU.
  explicit RecurrentCell(const LayerPtr& core);

  std::string_view class_name() const override;
  LayerPtr clone() const override { return clone_of(*this); }
  void fields(FieldVisitor& visitor) override;
  std::span<const std::string_view> own_fields() const override { return core().own_fields(); }
  void validate() const override;
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override;
  void check_inputs(std::span<const Value> inputs) const override;
  std::uint64_t* seed_place() override { return sublayers()[0].layer->seed_place(); }
  State initial_state(std::int64_t batch) const override { return core().initial_state(batch); }
  std::size_t state_size() const override { return core().state_size(); }
  std::string weight_path(std::size_t index) const override;
  void forward(Pass& pass, Call& call) const override;
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override;

  LayerPtr over_sequences(const Layer& loop, const LoopFlags& flags) const override;
  std::int64_t steps_together(std::int64_t rows) const override;

  // The layer over whole sequences whose step this is.
  const Layer& core() const { return sublayer(0); }

 private:
  void build_weights(std::span<const Shape> inputs) override;
};

}  // namespace chronicler
